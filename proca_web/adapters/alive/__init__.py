"""Whether a process of ours lives, as others see it, and what it met: signs of life, and troubles kept to be told."""
