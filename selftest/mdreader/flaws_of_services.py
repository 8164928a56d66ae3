"""What the services mapping gets wrong."""

from __future__ import annotations

from typing import Final

from selftest.mdreader.copies import Edit
from selftest.mdreader.flaws import Flaw, caught, file_of

_TOKENS: Final = Flaw(
    "MDR-AUTH-3",
    "168 hours become 168 days",
    (
        Edit(
            file_of("security"),
            ("  WebClient:", "TokenValidityUnits:"),
            "  CognitoSecret:",
            """\
            AccessTokenValidity: 1  # 1 hour
            IdTokenValidity: 1      # 1 hour
            RefreshTokenValidity: 168  # 7 days

            """,
        ),
    ),
    caught(
        "security",
        "WebClient",
        {"web-client-tokens-and-addresses": ("RefreshTokenValidity: 168",), "cognito-refresh-token-expires": ()},
    ),
)

_AUTHORIZER: Final = Flaw(
    "MDR-API-2",
    "authorizer attached to nothing",
    (
        Edit(file_of("backend"), ("  Api:", "Auth:"), "Cors:"),
        Edit(file_of("backend"), ("Health:", "Auth: {Authorizer: NONE}"), "Everything:"),
        Edit(
            file_of("backend"),
            ("  ApiDomain:",),
            "Type: AWS::ApiGateway::DomainName",
            """\
            MDReaderAuthorizer:
              Type: AWS::ApiGateway::Authorizer
              Properties:
                Name: MDReaderCognitoAuthorizer
                RestApiId: !Ref Api
                Type: COGNITO_USER_POOLS
                ProviderARNs:
                  - Fn::ImportValue: !Sub mdreader-${Environment}-UserPoolArn
                IdentitySource: method.request.header.Authorization

            ApiDomain:
            """,
        ),
    ),
    (
        *caught(
            "backend",
            "Api",
            {"api-behind-cognito": (), "apigateway-methods-authorized": (), "api-authorizer-reads-authorization": ()},
        ),
        *caught("backend", "MDReaderAuthorizer", {"apigateway-authorizer-attached": ()}),
    ),
)

_CORS: Final = Flaw(
    "MDR-API-3",
    "CORS allows *",
    (Edit(file_of("backend"), ("Cors:", "AllowOrigin:"), "AllowMethods:", """AllowOrigin: "'*'"\n"""),),
    caught(
        "backend",
        "Api",
        {"api-cors-names-the-application": (), "apigateway-cors-names-origins": ()},
    ),
)

_CACHE: Final = Flaw(
    "MDR-CACHE-2",
    "cache without encryption, secret with redis://",
    (
        Edit(file_of("data"), ("  Redis:", "AtRestEncryptionEnabled:"), "Port: 6379"),
        Edit(
            file_of("data"),
            ("  RedisSecret:", "SecretString:"),
            "Tags:",
            """\
            SecretString: !Sub |
              {
                "url": "redis://${Redis.PrimaryEndPoint.Address}:${Redis.PrimaryEndPoint.Port}"
              }
            """,
        ),
    ),
    (
        *caught(
            "data",
            "Redis",
            {
                "cache-encrypts": (),
                "elasticache-encrypted-at-rest": (),
                "elasticache-encrypted-in-transit": (),
                "elasticache-asks-who-connects": (),
            },
        ),
        *caught(
            "data",
            "RedisSecret",
            {"cache-secret-uses-tls": ("SecretString:",), "secret-urls-are-encrypted": ("SecretString:",)},
        ),
    ),
)

_IMAGE: Final = Flaw(
    "MDR-WS-2",
    "bare node:18-alpine",
    (Edit(file_of("websocket"), ("  BlueTaskDefinition:", "Image:"), "Essential:", "Image: node:18-alpine\n"),),
    caught(
        "websocket",
        "BlueTaskDefinition",
        {
            "websocket-image-pinned": ("Image:",),
            "websocket-image-is-our-own": ("Image:",),
            "ecs-image-pinned": ("Image:",),
            "ecs-image-from-own-registry": ("Image:",),
        },
    ),
)

_ROUTE_TARGET: Final = Flaw(
    "MDR-WS-4",
    "route target is never substituted",
    tuple(
        Edit(file_of("websocket"), (route, "Target:"), "", "Target: integrations/${WebSocketIntegration}\n")
        for route in ("  ConnectRoute:", "  DefaultRoute:")
    ),
    (
        *caught(
            "websocket",
            "ConnectRoute",
            {"websocket-api-connects": ("Target:",), "apigatewayv2-route-target-exists": ("Target:",)},
        ),
        *caught(
            "websocket",
            "DefaultRoute",
            {"websocket-api-has-a-default": ("Target:",), "apigatewayv2-route-target-exists": ("Target:",)},
        ),
    ),
)

_BUCKET: Final = Flaw(
    "MDR-FILE-1",
    "EncryptionConfiguration is no property",
    (
        Edit(
            file_of("storage"),
            ("  UploadsBucket:", "BucketEncryption:"),
            "CorsConfiguration:",
            """\
            EncryptionConfiguration:
              ServerSideEncryptionConfiguration:
                - ServerSideEncryptionByDefault:
                    SSEAlgorithm: AES256
            """,
        ),
    ),
    caught("storage", "UploadsBucket", {"uploads-are-private-and-versioned": (), "s3-default-encryption": ()}),
)

_CDN: Final = Flaw(
    "MDR-CDN-1",
    "no S3 origin configuration, no bucket policy",
    (
        Edit(file_of("edge"), ("  Cdn:", "S3OriginConfig:"), "OriginShield:"),
        Edit(file_of("edge"), ("  UploadsBucketPolicy:",), "# CloudFront delivers its logs"),
    ),
    caught(
        "edge",
        "Cdn",
        {
            "cdn-origin-is-a-bucket": ("- Id: uploads",),
            "cdn-is-admitted-by-the-bucket": (),
            "cloudfront-origins-say-their-kind": ("- Id: uploads",),
            "cloudfront-bucket-admits-distribution": (),
        },
    ),
)

_WAF: Final = Flaw(
    "MDR-WAF-1",
    "no visibility configuration, no text transformations in the rate rule",
    (
        Edit(
            file_of("security"),
            ("  CdnWebAcl:", "VisibilityConfig:"),
            "Tags:",
            """\
            Rules:
              # Rate limiting
              - Name: RateLimit
                Priority: 1
                Action:
                  Block: {}
                Statement:
                  RateBasedStatement:
                    Limit: 1000
                    AggregateKeyType: IP
                    ScopeDownStatement:
                      ByteMatchStatement:
                        FieldToMatch:
                          UriPath: {}
                        PositionalConstraint: STARTS_WITH
                        SearchString: /api/
              # SQL Injection protection
              - Name: SQLInjection
                Priority: 2
                Action:
                  Block: {}
                Statement:
                  SQLiMatchStatement:
                    FieldToMatch:
                      Body: {}
                    TextTransformations:
                      - Priority: 1
                        Type: NONE
              # XSS protection
              - Name: XSSProtection
                Priority: 3
                Action:
                  Block: {}
                Statement:
                  XSSMatchStatement:
                    FieldToMatch:
                      Body: {}
                    TextTransformations:
                      - Priority: 1
                        Type: NONE
            """,
        ),
    ),
    caught(
        "security",
        "CdnWebAcl",
        {
            "web-acl-limits-and-blocks": (),
            "waf-rules-have-metrics": (),
            "waf-matches-are-complete": ("ByteMatchStatement:",),
            "waf-blocks-sql-injection": ("Rules:", "Statement:"),
            "waf-blocks-cross-site-scripting": ("Rules:", "Statement:"),
        },
    ),
)

_BACKUP: Final = Flaw(
    "MDR-BACKUP-1",
    "the cache is selected by an attribute it does not have",
    (
        Edit(
            file_of("data"),
            ("Outputs:",),
            "",
            """\
            Outputs:
              RedisArn:
                Value: !GetAtt Redis.Arn
                Export: {Name: !Sub "mdreader-${Environment}-RedisArn"}
            """,
        ),
        Edit(
            file_of("backup"),
            ("  Selection:", "DatabaseArn"),
            "UploadsBucketArn",
            """\
            - Fn::ImportValue: !Sub mdreader-${Environment}-DatabaseArn
            - Fn::ImportValue: !Sub mdreader-${Environment}-RedisArn
            """,
        ),
    ),
    caught(
        "backup",
        "Selection",
        {"backups-cover-database-and-uploads": ("Resources:",), "backup-selection-is-supported": ("RedisArn",)},
    ),
)

_PLAN: Final = Flaw(
    "MDR-BACKUP-1",
    "the plan's rules under a name that AWS does not know",
    (Edit(file_of("backup"), ("  Plan:", "BackupPlanRule:"), "- RuleName: daily", "Rules:\n"),),
    caught("backup", "Plan", {"backups-follow-the-plan": ("BackupPlan:",), "backup-rules-expire": ("BackupPlan:",)}),
)

FLAWS: Final = (_TOKENS, _AUTHORIZER, _CORS, _CACHE, _IMAGE, _ROUTE_TARGET, _BUCKET, _CDN, _WAF, _BACKUP, _PLAN)
