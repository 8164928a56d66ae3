"""From templates to an inventory: reads and evaluates CloudFormation and SAM, per environment.

How values that AWS decides or hides appear in a resource's properties:

- `Reference(address, attribute)`: `Ref` or `Fn::GetAtt` of a resource of any given stack, also through imports, nested
  stacks and parameters. `text` is set where the declared properties settle it.
- `Reference(name, "resolve:secretsmanager:...")`: a dynamic reference to a secret (`secretsmanager`, `ssm-secure`).
  `name` is the address of the secret's resource when it is one of ours. It is set, and never plain text.
- `Reference("data.Password", "NoEcho")`: a NoEcho parameter. Its value never appears.
- `Unknown(UNRESOLVED_PARAMETER, "resolve:ssm:/name:1")`: a dynamic reference to a plain SSM parameter.
- `Unknown(UNRESOLVED_PARAMETER, "data.Cidr")`: a parameter without a value.
"""

from stackproof.sources.stacks import Deployment, Evaluation, Problem, StackSource, TemplateFile, World
from stackproof.sources.worlds import evaluate

__all__ = ["Deployment", "Evaluation", "Problem", "StackSource", "TemplateFile", "World", "evaluate"]
