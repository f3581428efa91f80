"""What is kept between runs: the bot's own replies and the votes on them; never the text of people's messages."""
