struct {{ codec }} : uniffi::InBuffer<{{ codec }}, {{ name }}> {
  static void write(uniffi::Writer &writer, const {{ name }} &value);
  static {{ name }} read(uniffi::Reader &reader);
};
