"""What vendors and distributions pack images into."""
