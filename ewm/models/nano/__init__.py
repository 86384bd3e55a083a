"""The small base model that ships with the repository: its vocabulary, tokenizer, weights and card."""
