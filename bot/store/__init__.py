"""What is kept between runs: replies, votes, posts, drafts, wishes, answers of services; never the text of messages."""
