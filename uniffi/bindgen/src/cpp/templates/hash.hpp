template <>
struct std::hash<{{ class }}> {
  std::size_t operator()(const {{ class }} &value) const { return static_cast<std::size_t>(value.hash()); }
};
