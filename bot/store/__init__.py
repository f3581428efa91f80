"""What is kept between runs: the bot's replies, the votes on them, answers of services; never the text of messages."""
