"""CloudFormation of the embedded AWS: our own evaluation and resource handlers behind moto's CloudFormation API."""
