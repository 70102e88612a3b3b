"""What a person does about their own account, what is mailed to them about it, and what stops those who guess."""
