"""What the Discord adapter is made of that needs no library of Discord's."""
