"""The steps from schema to schema, oldest first."""
