"""Base model, tokenizer and LoRA."""
