"""Songs: what is known of one, the sample catalogue, and the way from a query to a song."""
