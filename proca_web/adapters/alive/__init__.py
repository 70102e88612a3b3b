"""Whether a process of ours lives, as others see it; what it met, how late mail is, and all that in numbers."""
