/** Ordinary values of ConfigMaps, none secret, to count false positives. */
import { createHash } from 'node:crypto'

export interface OrdinaryValue {
  readonly key: string
  readonly value: string
}

interface Dice {
  hex(digits: number): string
  base64(bytes: number): string
  uuid(): string
  word(): string
  number(most: number): number
  of<T>(list: readonly T[]): T
}

function diceOf(seed: string): Dice {
  let drawn = 0
  const bytes = (count: number): Buffer => {
    const parts: Buffer[] = []
    for (let size = 0; size < count; size += 64) parts.push(createHash('sha512').update(`${seed} ${drawn++}`).digest())
    return Buffer.concat(parts).subarray(0, count)
  }
  const number = (most: number): number => bytes(4).readUInt32LE(0) % most
  const hex = (digits: number): string =>
    bytes(Math.ceil(digits / 2))
      .toString('hex')
      .slice(0, digits)
  const words = [
    'shop',
    'cart',
    'orders',
    'billing',
    'search',
    'gateway',
    'worker',
    'catalog',
    'mailer',
    'report',
    'edge',
    'ledger',
    'stock',
    'price',
    'media',
  ]
  return {
    hex,
    number,
    base64: (count) => bytes(count).toString('base64'),
    word: () => words[number(words.length)] ?? '',
    uuid: () => [8, 4, 4, 4, 12].map(hex).join('-'),
    of: (list) => list[number(list.length)] as (typeof list)[number],
  }
}

const lines = (text: string): string => text.replaceAll(/(.{64})(?=.)/g, '$1\n')
const certificate = (dice: Dice): string =>
  `-----BEGIN CERTIFICATE-----\n${lines(dice.base64(700 + dice.number(400)))}\n-----END CERTIFICATE-----\n`

/** A key and a value of each kind. */
const sorts: readonly ((dice: Dice) => OrdinaryValue)[] = [
  ...[
    ['passwordPolicy', 'strict'],
    ['tokenTTL', '3600'],
    ['authEnabled', 'true'],
    ['secretName', 'my-tls'],
    ['keyspace', 'shop_prod'],
    ['author', 'Jane Doe <jane@example.com>'],
    ['AUTH_TYPE', 'oauth2'],
    ['auth-mode', 'oidc'],
    ['auth', 'ldap'],
    ['auth', 'none'],
    ['AUTHORIZATION_MODE', 'RBAC'],
    ['token.endpoint', 'https://idp.example.com/oauth2/token'],
    ['TOKEN_URL', 'https://idp.example.com/realms/shop/protocol/openid-connect/token'],
    ['password.min.length', '12'],
    ['PASSWORD_RESET_URL', 'https://shop.example.com/reset-password?lang=en'],
    ['passwordFile', '/run/secrets/db-password'],
    ['DB_PASSWORD_FILE', '/etc/db/password.txt'],
    ['TOKEN_PATH', '/var/run/secrets/kubernetes.io/serviceaccount/token'],
    ['secret_ref', 'shop/db-credentials'],
    ['existingSecret', 'postgres-credentials'],
    ['tls.secretName', 'wildcard-example-com'],
    ['private_key_path', '/etc/ssl/private/tls.key'],
    ['ssh_public_key', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJb2aQ0mZ4yTg6uQ0s7Jt1C1Hk2v9Yc7Zr3Xq5Wd8LfP ops@example'],
    ['max_tokens', '4096'],
    ['tokenizer', 'cl100k_base'],
    ['accessTokenLifespan', '5m'],
    ['refresh-token-rotation', 'enabled'],
    ['credentials.provider', 'instance-profile'],
    ['api_key_header', 'X-Api-Key'],
    ['apiKeyRequired', 'false'],
    ['keystore.type', 'PKCS12'],
    ['key.deserializer', 'org.apache.kafka.common.serialization.StringDeserializer'],
    ['partition.key', 'customer_id'],
    ['primaryKey', 'order_id'],
    ['routingKey', 'orders.created'],
    ['cache-key-prefix', 'shop:v2:'],
    ['secretRotationDays', '90'],
    ['bypass', 'true'],
    ['compass', 'north'],
    ['passthrough', 'enabled'],
    ['proxy_pass', 'http://backend:8080'],
    ['oauth.scopes', 'openid profile email'],
    ['session.cookie.name', 'SHOPSESSIONID'],
    ['signature.algorithm', 'SHA256withRSA'],
    ['jwt.issuer', 'https://idp.example.com'],
    ['jwks_uri', 'https://idp.example.com/.well-known/jwks.json'],
    ['cookie_samesite', 'lax'],
    ['DISABLE_AUTH', 'false'],
    ['auth.users.table', 'app_users'],
    ['monkey.enabled', 'false'],
    ['turkey', 'TR'],
    ['KEY_LENGTH', '2048'],
    ['hotkeys', 'ctrl+k,ctrl+p'],
    ['secretsProvider', 'vault'],
    ['vault.addr', 'https://vault.example.com:8200'],
    ['VAULT_ROLE', 'shop-reader'],
    ['tokenReviewerEnabled', 'true'],
    ['password', '${DB_PASSWORD}'],
    ['DB_PASSWORD', '$(DB_PASSWORD)'],
    ['token', '{{ .Values.token }}'],
    ['apiKey', '<your-api-key>'],
    ['GITHUB_TOKEN', '${GITHUB_TOKEN}'],
  ].map(([key = '', value = '']) => (): OrdinaryValue => ({ key, value })),
  (d) => ({ key: 'host', value: `${d.word()}.${d.word()}.svc.cluster.local:${1000 + d.number(9000)}` }),
  (d) => ({ key: 'replicas', value: String(d.number(20)) }),
  (d) => ({ key: 'instance-id', value: d.uuid() }),
  (d) => ({ key: 'image', value: `registry.example.com/${d.word()}/${d.word()}@sha256:${d.hex(64)}` }),
  (d) => ({ key: 'image', value: `ghcr.io/example/${d.word()}-token-service:v1.${d.number(30)}.${d.number(9)}` }),
  (d) => ({ key: 'commit', value: d.hex(40) }),
  (d) => ({ key: 'checksum/config', value: d.hex(64) }),
  (d) => ({ key: 'etag', value: d.base64(16) }),
  (d) => ({ key: 'ca.crt', value: certificate(d) }),
  (d) => ({
    key: 'ca-bundle.crt',
    value: `# Root of ${d.word()}\n${certificate(d)}\n# Root of ${d.word()}\n${certificate(d)}`,
  }),
  (d) => ({ key: 'caBundle', value: Buffer.from(certificate(d)).toString('base64') }),
  (d) => ({
    key: 'url',
    value: `https://${d.word()}.example.com:8443/${d.word()}/api/v${d.number(3)}?lang=en&page=${d.number(9)}`,
  }),
  (d) => ({
    key: 'database_url',
    value: `postgresql://${d.word()}@db.example.com:5432/${d.word()}?sslmode=verify-full`,
  }),
  (d) => ({ key: 'brokers', value: `kafka-0.kafka:9092,kafka-1.kafka:9092,kafka-${d.number(9)}.kafka:9092` }),
  (d) => ({
    key: 'nginx.conf',
    value:
      `user nginx;\nworker_processes ${d.number(8)};\nevents { worker_connections 1024; }\nhttp {\n  ` +
      'server_tokens off;\n  ssl_certificate /etc/tls/tls.crt;\n  ssl_certificate_key /etc/tls/tls.key;\n  ' +
      `ssl_session_cache shared:SSL:10m;\n  log_format main '$remote_addr - $remote_user [$time_local] ` +
      `"$request" $status';\n  upstream ${d.word()} { server ${d.word()}:8080; keepalive 32; }\n  server ` +
      '{\n    listen 8443 ssl;\n    auth_basic "Restricted";\n    auth_basic_user_file ' +
      '/etc/nginx/htpasswd;\n    location / {\n      auth_request /oauth2/auth;\n      proxy_set_header ' +
      'Authorization $http_authorization;\n      proxy_set_header X-Auth-Request-Access-Token ' +
      '$upstream_http_x_auth_request_access_token;\n      rewrite ^/(.*)$ /$1$is_args$args break;\n      ' +
      `proxy_pass http://${d.word()};\n      proxy_pass_header Set-Cookie;\n    }\n  }\n}\n`,
  }),
  (d) => ({
    key: 'application.properties',
    value: `server.port=8080\nspring.application.name=${d.word()}\nspring.datasource.url=jdbc:postgresql://db:5432/${d.word()}\nspring.datasource.username=${d.word()}\nspring.datasource.password=\${DB_PASSWORD}\nspring.security.oauth2.resourceserver.jwt.issuer-uri=https://idp.example.com/realms/${d.word()}\nspring.security.oauth2.client.registration.idp.authorization-grant-type=authorization_code\nspring.security.oauth2.client.provider.idp.token-uri=https://idp.example.com/token\nserver.ssl.key-store=classpath:keystore.p12\nserver.ssl.key-store-type=PKCS12\nserver.ssl.key-alias=${d.word()}\nmanagement.endpoints.web.exposure.include=health,info,prometheus\napp.token.expiration-minutes=${d.number(60)}\napp.password.encoder=bcrypt\nlogging.level.org.springframework.security=INFO\n`,
  }),
  (d) => ({
    key: 'application.yaml',
    value:
      `spring:\n  application:\n    name: ${d.word()}\n  security:\n    oauth2:\n      client:\n        ` +
      `registration:\n          idp:\n            client-id: ${d.word()}\n            client-secret: ` +
      `\${CLIENT_SECRET}\n            authorization-grant-type: client_credentials\n  cache:\n    cache-names: ` +
      'tokens,users\napp:\n  auth:\n    enabled: true\n    type: jwt\n    token:\n      ttl: ' +
      `${d.number(90)}m\n      header: Authorization\n  password:\n    policy: strict\n    min-length: ` +
      `${d.number(20)}\n  keys:\n    - customer_id\n    - order_id\n`,
  }),
  (d) => ({
    key: 'log4j2.xml',
    value:
      `<?xml version="1.0"?>\n<Configuration status="WARN" monitorInterval="${d.number(60)}">\n  ` +
      '<Appenders>\n    <Console name="console" target="SYSTEM_OUT"><PatternLayout pattern="%d{ISO8601} %-5p ' +
      '[%t] %c{1.} - %m%n"/></Console>\n  </Appenders>\n  <Loggers>\n    <Logger ' +
      `name="com.example.auth.TokenService" level="debug"/>\n    <Logger name="com.example.${d.word()}" ` +
      'level="info"/>\n    <Root level="warn"><AppenderRef ref="console"/></Root>\n  ' +
      '</Loggers>\n</Configuration>\n',
  }),
  (d) => ({
    key: 'logback.xml',
    value:
      '<configuration><logger name="org.springframework.security" ' +
      `level="${d.of(['INFO', 'WARN', 'DEBUG'])}"/><conversionRule conversionWord="mask" ` +
      'converterClass="com.example.PasswordMaskingConverter"/></configuration>',
  }),
  (d) => ({
    key: 'rules.yaml',
    value:
      `groups:\n- name: ${d.word()}\n  rules:\n  - alert: AuthFailuresHigh\n    expr: ` +
      `sum(rate(http_requests_total{job="${d.word()}",code=~"401|403"}[5m])) by (namespace) > ` +
      `${d.number(50)}\n    for: ${d.number(20)}m\n    labels:\n      severity: warning\n      team: ` +
      `${d.word()}\n    annotations:\n      summary: "Too many failed logins in {{ $labels.namespace ` +
      '}}"\n      description: "The token endpoint of {{ $labels.job }} refuses {{ $value }} requests per ' +
      'second."\n      runbook_url: https://wiki.example.com/runbooks/auth-failures\n  - record: ' +
      'job:token_requests:rate5m\n    expr: sum(rate(token_requests_total[5m])) by (job)\n  - alert: ' +
      `SecretExpiring\n    expr: secret_expiry_seconds{secret_name!=""} - time() < 86400 * ${d.number(30)}\n`,
  }),
  (d) => ({
    key: 'prometheus.yml',
    value:
      `global:\n  scrape_interval: ${d.number(60)}s\nscrape_configs:\n- job_name: kubernetes-pods\n  ` +
      'kubernetes_sd_configs:\n  - role: pod\n  tls_config:\n    ca_file: ' +
      '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt\n  bearer_token_file: ' +
      '/var/run/secrets/kubernetes.io/serviceaccount/token\n  authorization:\n    credentials_file: ' +
      '/var/run/secrets/kubernetes.io/serviceaccount/token\n  relabel_configs:\n  - source_labels: ' +
      '[__meta_kubernetes_pod_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n  - ' +
      'source_labels: [__meta_kubernetes_namespace]\n    target_label: namespace\n    replacement: $1\n',
  }),
  (d) => ({
    key: 'dashboard.json',
    value: JSON.stringify(
      {
        uid: d.hex(9),
        title: `${d.word()} tokens`,
        schemaVersion: 39,
        version: d.number(90),
        tags: ['auth', d.word()],
        panels: [
          {
            id: d.number(90),
            type: 'timeseries',
            title: 'Token requests',
            targets: [
              {
                expr: `sum(rate(token_requests_total{app="${d.word()}"}[5m]))`,
                legendFormat: '{{token_type}}',
                refId: 'A',
              },
            ],
            fieldConfig: {
              overrides: [
                {
                  matcher: { id: 'byName', options: 'secret reads' },
                  properties: [{ id: 'color', value: { fixedColor: 'red' } }],
                },
              ],
            },
          },
        ],
        templating: {
          list: [
            {
              name: 'auth_method',
              query: 'label_values(auth_total, method)',
              current: { text: 'All', value: '$__all' },
            },
          ],
        },
        keepTime: true,
        key: 'abc',
      },
      null,
      d.of([0, 2]),
    ),
  }),
  (d) => ({
    key: 'Corefile',
    value:
      '.:53 {\n    errors\n    health {\n       lameduck 5s\n    }\n    ready\n    kubernetes cluster.local ' +
      'in-addr.arpa ip6.arpa {\n       pods insecure\n       fallthrough in-addr.arpa ip6.arpa\n       ttl ' +
      `${d.number(60)}\n    }\n    prometheus :9153\n    forward . /etc/resolv.conf {\n       max_concurrent ` +
      '1000\n    }\n    cache 30\n    loop\n    reload\n    loadbalance\n}\n',
  }),
  (d) => ({
    key: 'mesh',
    value:
      'accessLogFile: /dev/stdout\ndefaultConfig:\n  discoveryAddress: istiod.istio-system.svc:15012\n  ' +
      `proxyMetadata:\n    ISTIO_META_DNS_CAPTURE: "true"\n  tracing:\n    sampling: ${d.number(100)}\n    ` +
      'zipkin:\n      address: zipkin.istio-system:9411\nenableAutoMtls: true\ntrustDomain: ' +
      'cluster.local\nextensionProviders:\n- name: oauth2-proxy\n  envoyExtAuthzHttp:\n    service: ' +
      'oauth2-proxy.auth.svc.cluster.local\n    port: 4180\n    includeRequestHeadersInCheck: [authorization, ' +
      'cookie]\n    headersToUpstreamOnAllow: [x-auth-request-email, x-auth-request-access-token]\n',
  }),
  (d) => ({
    key: 'run.sh',
    value:
      '#!/usr/bin/env bash\nset -euo pipefail\nTOKEN=$(cat ' +
      `/var/run/secrets/kubernetes.io/serviceaccount/token)\nPASSWORD="\${DB_PASSWORD:?not set}"\nif [ -z ` +
      '"$TOKEN" ]; then\n  echo "no token found" >&2\n  exit 1\nfi\ncurl -fsS --cacert /ca.crt -H ' +
      `"Authorization: Bearer $TOKEN" https://kubernetes.default.svc/api/v1/namespaces/${d.word()}/pods\nmysql ` +
      `-h "$DB_HOST" -u "$DB_USER" -p"$DB_PASSWORD" -e 'select 1'\nPGPASSWORD=$DB_PASSWORD psql -h db -c ` +
      `'select ${d.number(9)}'\nkubectl create secret generic ${d.word()} --from-literal=password="$PASSWORD" ` +
      '--dry-run=client -o yaml\ndocker login -u "$USER" -p "$REGISTRY_PASSWORD" registry.example.com\nopenssl ' +
      'rand -hex 32 > /run/token\nmkdir -p /data/keys && chmod 0700 /data/keys\n',
  }),
  (d) => ({
    key: 'init.sh',
    value:
      '#!/bin/sh\nfor key in a b c; do echo "$key"; done\nexport PATH=/usr/local/bin:$PATH\nexport ' +
      `PWD=/app\ncd "$PWD"\nport=${d.number(9999)}\nnc -z -p 8080 localhost\nmkdir -p /tmp/${d.word()}\ndocker ` +
      `run -p 8080:80 --name ${d.word()} nginx:1.27\nssh-keygen -lf /etc/ssh/host_key.pub\n`,
  }),
  (d) => ({
    key: 'NOTES.txt',
    value:
      `1. Get your password by running:\n  kubectl get secret --namespace ${d.word()} ${d.word()} -o ` +
      'jsonpath="{.data.password}" | base64 --decode ; echo\n2. Login with the password from step 1 and the ' +
      `username: admin\nThe initial token is valid for ${d.number(48)} hours. Keep your API key secret: it is ` +
      'shown once.\n',
  }),
  (d) => ({
    key: 'features.json',
    value: JSON.stringify({
      newCheckout: d.number(2) === 1,
      passwordless: true,
      tokenRefreshV2: { enabled: true, rollout: d.number(100) },
      'auth.sso': 'beta',
      secretSantaBanner: false,
      keyboardShortcuts: true,
    }),
  }),
  (d) => ({
    key: 'flags',
    value: `passwordless=true\nsso_enabled=${d.of(['true', 'false'])}\ntoken_refresh=v2\nkeyboard_shortcuts=on\nrollout=${d.number(100)}\n`,
  }),
  (d) => ({
    key: 'messages_en.properties',
    value:
      'login.title=Log in\nlogin.password=Password\nlogin.password.placeholder=Enter your ' +
      'password\nlogin.forgotPassword=Forgot your password?\nerror.token.invalid=The token is not valid any ' +
      `more.\nerror.password.length=At least ${d.number(20)} signs.\ntoken.expired=Your session has expired, ` +
      'please log in again.\nsecret.question=What is your secret question?\n',
  }),
  (d) => ({
    key: 'values.yaml',
    value:
      `image:\n  repository: registry.example.com/${d.word()}\n  tag: v${d.number(9)}.${d.number(9)}.0\n  ` +
      `pullSecrets:\n    - regcred\nauth:\n  enabled: true\n  existingSecret: ${d.word()}-auth\n  ` +
      'secretKeys:\n    adminPasswordKey: postgres-password\n    userPasswordKey: password\ningress:\n  ' +
      `tls:\n    - secretName: ${d.word()}-tls\n      hosts: [${d.word()}.example.com]\nserviceAccount:\n  ` +
      'automountServiceAccountToken: false\n',
  }),
  (d) => ({
    key: 'deployment.yaml',
    value:
      `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${d.word()}\nspec:\n  template:\n    ` +
      `spec:\n      containers:\n      - name: app\n        image: app@sha256:${d.hex(64)}\n        ` +
      'env:\n        - name: DB_PASSWORD\n          valueFrom:\n            secretKeyRef:\n              name: ' +
      'db\n              key: password\n        - name: API_TOKEN_FILE\n          value: /run/token\n        ' +
      'args: ["--token-file=/run/token", "--auth-mode=oidc", "-p", "8080"]\n      volumes:\n      - name: ' +
      'token\n        projected:\n          sources:\n          - serviceAccountToken:\n              path: ' +
      `token\n              expirationSeconds: ${3600 + d.number(600)}\n      - name: certs\n        ` +
      `secret:\n          secretName: ${d.word()}-tls\n      imagePullSecrets:\n      - name: regcred\n`,
  }),
  (d) => ({
    key: 'kubeconfig',
    value:
      `apiVersion: v1\nkind: Config\nclusters:\n- name: ${d.word()}\n  cluster:\n    ` +
      `certificate-authority-data: ${Buffer.from(certificate(d)).toString('base64')}\n    server: ` +
      `https://10.0.0.${d.number(250)}:6443\nusers:\n- name: default\n  user:\n    tokenFile: ` +
      '/var/run/secrets/kubernetes.io/serviceaccount/token\n',
  }),
  (d) => ({
    key: 'fluent-bit.conf',
    value:
      `[SERVICE]\n    Flush         ${d.number(10)}\n    Log_Level     info\n    Parsers_File  ` +
      'parsers.conf\n[INPUT]\n    Name              tail\n    Tag               kube.*\n    Path              ' +
      '/var/log/containers/*.log\n    multiline.parser  docker, cri\n[FILTER]\n    Name                ' +
      'kubernetes\n    Match               kube.*\n    Kube_URL            ' +
      'https://kubernetes.default.svc:443\n    Kube_CA_File        ' +
      '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt\n    Kube_Token_File     ' +
      '/var/run/secrets/kubernetes.io/serviceaccount/token\n    Merge_Log_Key       log_processed\n    ' +
      'Keep_Log            Off\n',
  }),
  (d) => ({
    key: 'haproxy.cfg',
    value:
      `global\n  maxconn ${d.number(9000)}\ndefaults\n  mode http\n  timeout connect 5s\nfrontend fe\n  bind ` +
      ':8443 ssl crt /etc/haproxy/certs/site.pem\n  http-request auth realm Private unless { http_auth(users) ' +
      '}\n  stick-table type string len 32 size 1m expire 30m\nbackend be\n  cookie SRV insert indirect ' +
      `nocache\n  server s1 ${d.word()}:8080 check\n`,
  }),
  (d) => ({
    key: 'envoy.yaml',
    value:
      'static_resources:\n  listeners:\n  - name: l\n    address: {socket_address: {address: 0.0.0.0, ' +
      `port_value: ${d.number(9999)}}}\n    filter_chains:\n    - transport_socket:\n        ` +
      'typed_config:\n          common_tls_context:\n            ' +
      'tls_certificate_sds_secret_configs:\n            - name: server_cert\n              sds_config: {path: ' +
      '/etc/envoy/sds.yaml}\n      filters:\n      - name: envoy.filters.http.jwt_authn\n        ' +
      'typed_config:\n          providers:\n            idp:\n              issuer: ' +
      'https://idp.example.com\n              forward: true\n              from_headers: [{name: ' +
      'Authorization, value_prefix: "Bearer "}]\n',
  }),
  (d) => ({
    key: 'config.toml',
    value:
      `[server]\naddress = "0.0.0.0:${d.number(9999)}"\n[auth]\nmethod = "ldap"\ntoken_ttl = ` +
      '"24h"\npassword_hash = "argon2id"\n[auth.ldap]\nurl = "ldaps://ldap.example.com"\nbind_dn = ' +
      '"cn=reader,dc=example,dc=com"\nbind_password_file = "/run/secrets/ldap"\n[tls]\ncert = ' +
      '"/tls/tls.crt"\nkey = "/tls/tls.key"\n[keyring]\nbackend = "file"\n',
  }),
  (d) => ({
    key: 'my.cnf',
    value: `[mysqld]\nport=3306\nmax_connections=${d.number(500)}\nkey_buffer_size=16M\ndefault_authentication_plugin=caching_sha2_password\nvalidate_password.policy=MEDIUM\nssl-key=/etc/mysql/server-key.pem\nskip-name-resolve\n`,
  }),
  (d) => ({
    key: 'redis.conf',
    value:
      `port 6379\nmaxmemory ${d.number(8)}gb\nmaxmemory-policy allkeys-lru\nappendonly yes\n# requirepass is ` +
      'set by the operator\nprotected-mode no\nlatency-monitor-threshold 100\nnotify-keyspace-events Ex\n',
  }),
  (d) => ({
    key: 'pg_hba.conf',
    value:
      `# TYPE  DATABASE  USER  ADDRESS  METHOD\nlocal all all peer\nhost all all 10.${d.number(250)}.0.0/16 ` +
      'scram-sha-256\nhostssl replication repl all cert clientcert=verify-full\n',
  }),
  (d) => ({
    key: 'policy.rego',
    value:
      'package authz\ndefault allow = false\nallow {\n  input.token.claims.role == "admin"\n  token := ' +
      `io.jwt.decode(input.token)\n  input.user == "${d.word()}"\n}\nsecret_types = {"Opaque", ` +
      '"kubernetes.io/tls"}\n',
  }),
  (d) => ({
    key: 'handler.js',
    value:
      'const token = getToken(request);\nconst password = req.body.password;\nif (password === undefined || ' +
      `token == null) throw new Error('missing password');\nmodule.exports = { secret: process.env.SECRET, ` +
      `retries: ${d.number(9)} };\nfunction login({ user, password }) { return fetch(url, { headers: { ` +
      `Authorization: \`Bearer \${token}\` } }); }\n`,
  }),
  (d) => ({
    key: 'settings.py',
    value:
      `import os\nSECRET_KEY = os.environ["SECRET_KEY"]\nDATABASES = {"default": {"NAME": "${d.word()}", ` +
      '"PASSWORD": os.getenv("DB_PASSWORD"), "HOST": "db"}}\nAUTH_USER_MODEL = ' +
      '"accounts.User"\nAUTH_PASSWORD_VALIDATORS = [{"NAME": ' +
      '"django.contrib.auth.password_validation.MinimumLengthValidator"}]\nSESSION_COOKIE_AGE = ' +
      `${d.number(90_000)}\nPASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]\n`,
  }),
  (d) => ({
    key: 'access.lua',
    value:
      'local token = ngx.var.http_authorization\nlocal key = ngx.var.arg_key\nif not token then\n  return ' +
      `ngx.exit(${d.of([401, 403])})\nend\nlocal secret = os.getenv("JWT_SECRET")\n`,
  }),
  (d) => ({
    key: 'schema.json',
    value: JSON.stringify({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      required: ['username', 'password'],
      properties: {
        username: { type: 'string' },
        password: { type: 'string', minLength: d.number(20), description: 'The password of the account' },
        token: { type: 'string', format: 'uuid' },
      },
    }),
  }),
  (d) => ({
    key: 'openapi.yaml',
    value:
      `openapi: 3.0.0\ninfo:\n  title: ${d.word()}\n  version: 1.${d.number(9)}.0\ncomponents:\n  ` +
      'securitySchemes:\n    apiKey:\n      type: apiKey\n      in: header\n      name: X-Api-Key\n    ' +
      'bearer:\n      type: http\n      scheme: bearer\n      bearerFormat: JWT\n  schemas:\n    Login:\n      ' +
      'properties:\n        password:\n          type: string\n          format: password\n        ' +
      'token:\n          type: string\n',
  }),
  (d) => ({
    key: 'vector.yaml',
    value:
      'sources:\n  k8s:\n    type: kubernetes_logs\ntransforms:\n  mask:\n    type: remap\n    inputs: ' +
      `[k8s]\n    source: |\n      .message = redact(.message, filters: [r'password=\\S+'])\n      ` +
      `del(.token)\nsinks:\n  out:\n    type: http\n    uri: https://logs.example.com/${d.word()}\n    ` +
      `auth:\n      strategy: bearer\n      token: \${LOGS_TOKEN}\n    encoding:\n      codec: json\n`,
  }),
  (d) => ({
    key: 'otel.yaml',
    value:
      'receivers:\n  otlp:\n    protocols:\n      grpc:\n        endpoint: 0.0.0.0:4317\nexporters:\n  ' +
      'otlphttp:\n    endpoint: https://otel.example.com\n    headers:\n      authorization: ' +
      `\${env:OTEL_AUTH}\n    auth:\n      authenticator: oauth2client\nprocessors:\n  attributes:\n    ` +
      'actions:\n    - key: db.statement\n      action: delete\n    - key: ' +
      `http.request.header.authorization\n      action: hash\n  batch:\n    timeout: ${d.number(20)}s\n`,
  }),
  (d) => ({
    key: 'externalsecret.yaml',
    value:
      'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nspec:\n  refreshInterval: 1h\n  ' +
      `secretStoreRef:\n    name: vault\n    kind: ClusterSecretStore\n  target:\n    name: ${d.word()}-db\n  ` +
      `data:\n  - secretKey: password\n    remoteRef:\n      key: secret/data/${d.word()}\n      property: ` +
      'password\n',
  }),
  (d) => ({
    key: 'crontab',
    value: `${d.number(59)} * * * * /usr/local/bin/rotate-keys --token-file /run/token --max-age 30d\n`,
  }),
  (d) => ({
    key: 'kafka.properties',
    value: `bootstrap.servers=kafka:9092\nsecurity.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nssl.truststore.location=/etc/kafka/truststore.jks\nssl.keystore.location=/etc/kafka/keystore.jks\nssl.endpoint.identification.algorithm=https\nkey.converter=org.apache.kafka.connect.storage.StringConverter\ndelegation.token.max.lifetime.ms=${d.number(999_999)}\n`,
  }),
  (d) => ({
    key: 'audit-policy.yaml',
    value:
      'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n  resources:\n  - group: ""\n    ' +
      'resources: ["secrets", "configmaps", "serviceaccounts/token"]\n- level: None\n  users: ' +
      `["system:kube-proxy"]\n  verbs: ["watch"]\n- level: ${d.of(['Request', 'Metadata'])}\n  ` +
      'nonResourceURLs: ["/api*"]\n',
  }),
  (d) => ({
    key: 'id_ed25519.pub',
    value: `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${d.base64(32)} ${d.word()}@example.com`,
  }),
  (d) => ({
    key: 'lock.json',
    value: JSON.stringify({
      packages: {
        [d.word()]: {
          version: `1.${d.number(9)}.0`,
          resolved: `https://registry.npmjs.org/js-tokens/-/js-tokens-4.0.${d.number(9)}.tgz`,
          integrity: `sha512-${d.base64(64)}`,
        },
      },
    }),
  }),
  (d) => ({ key: 'timestamp', value: `2026-0${1 + d.number(9)}-1${d.number(9)}T0${d.number(9)}:15:0${d.number(9)}Z` }),
  (d) => ({
    key: 'leader',
    value: JSON.stringify({
      holderIdentity: `${d.word()}-${d.hex(9)}-${d.hex(5)}_${d.uuid()}`,
      leaseDurationSeconds: 15,
      renewTime: '2026-03-01T10:00:00Z',
    }),
  }),
  (d) => ({ key: 'region', value: d.of(['eu-de', 'eu-west-1', 'us-east-2']) }),
  (d) => ({
    key: 'jvm.options',
    value: `-Xms${d.number(4)}g\n-Xmx4g\n-XX:+UseG1GC\n-Djava.security.egd=file:/dev/./urandom\n-Djavax.net.ssl.trustStore=/etc/ssl/cacerts\n-Dcom.sun.management.jmxremote.authenticate=false\n`,
  }),
  (d) => ({
    key: 'argocd-cm',
    value:
      'url: https://cd.example.com\ndex.config: |\n  connectors:\n  - type: oidc\n    id: idp\n    ' +
      `config:\n      issuer: https://idp.example.com/realms/${d.word()}\n      clientID: cd\n      ` +
      'clientSecret: $oidc.idp.clientSecret\nresource.exclusions: |\n  - kinds: [TokenReview, ' +
      'SelfSubjectAccessReview]\n',
  }),
  (d) => ({
    key: 'dockerfile',
    value:
      'FROM node:24\nARG NPM_TOKEN\nRUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci\nENV ' +
      `PORT=${d.number(9999)} AUTH_MODE=oidc\nEXPOSE 8080\n`,
  }),
]

/** `count` values with equally many of each kind. */
export function ordinaryValues(count: number): OrdinaryValue[] {
  return Array.from({ length: count }, (_, index) =>
    (sorts[index % sorts.length] as (typeof sorts)[number])(diceOf(`ordinary ${index}`)),
  )
}
