"""What is kept in PostgreSQL. Every function takes a connection; who opened it decides what is one transaction."""
