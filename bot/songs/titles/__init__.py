"""Video titles: from what a video is called to the song in it."""
