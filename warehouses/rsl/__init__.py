"""楽天スーパーロジスティクス (RSL). No API of it is public: what is spoken is the model of `simulators/rsl/README.md`."""
