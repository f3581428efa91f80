"""The LC-GAN: a generator that moves z to where the decoder says what is wanted, and the critics that teach it."""
