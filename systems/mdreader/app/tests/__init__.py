"""Tests of MDReader: a real PostgreSQL, a Redis server with TLS, and an AWS on loopback."""
