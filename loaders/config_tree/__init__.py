"""A model's tree from its config.json alone: by own tables, or by transformers on the meta device."""
