"""The way to outside services and back: bounded, paced, and broken off where a service is down."""
