// Where `support.hpp` is compiled once for all topics.
