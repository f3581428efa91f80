"""What people think of replies, and what follows from it."""
