"""Reading what is deployed: tests against moto's server, seeded through the services' own APIs."""
