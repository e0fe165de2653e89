"""楽天スーパーロジスティクス (RSL). Its API is not public: what is spoken here is the model of `simulators/rsl/README.md`."""
