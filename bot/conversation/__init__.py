"""The conversation with people, the same on every platform: hearing, answering, votes, curators, wishes."""
