/** Flags and variables of insights-remote. A variable overrides its flag; an empty one counts as unset. */
type Kind = 'truth' | 'text' | 'count' | 'list'

export type Setting = Readonly<{
  flag: string
  env?: string
  kind: Kind
  otherwise: string
  help: string
}>

const setting = (
  kind: Kind,
  flag: string,
  env: string | undefined,
  otherwise: string | number | boolean,
  help: string,
): Setting => ({ flag, ...(env === undefined ? {} : { env }), kind, otherwise: String(otherwise), help })

const noEffect = 'accepted without effect'

export const settings = {
  configmaps: setting(
    'truth',
    'enable-configmap-reconciler',
    'ENABLE_CONFIGMAP_RECONCILER',
    true,
    'publish reports in ConfigMaps',
  ),
  burn: setting('truth', 'burn-after-reading', 'BURN_AFTER_READING', false, 'delete a ConfigMap after its delivery'),
  sched: setting('text', 'clear-configmap-sched', 'CLEAR_CONFIGMAP_SCHED', '* * * * *', noEffect),
  deferred: setting(
    'truth',
    'enable-insights-deferred',
    'ENABLE_INSIGHTS_DEFERRED',
    true,
    'publish deferred ConfigMaps when they are due',
  ),
  retries: setting(
    'count',
    'configmap-reconciler-max-retries',
    'CONFIGMAP_RECONCILER_MAX_RETRIES',
    3,
    'failures until the label of surrender; delivery continues',
  ),
  retryMinutes: setting(
    'count',
    'configmap-reconciler-mins-between-retries',
    'CONFIGMAP_RECONCILER_MINS_BETWEEN_RETRIES',
    3,
    'minutes between two marks of a failure',
  ),
  concurrent: setting(
    'count',
    'configmap-reconciler-max-concurrent',
    'CONFIGMAP_RECONCILER_MAX_CONCURRENT',
    1,
    noEffect,
  ),
  tokens: setting(
    'truth',
    'enable-namespace-reconciler',
    'ENABLE_NAMESPACE_RECONCILER',
    true,
    'keep the Secret with the token in each namespace',
  ),
  web: setting('truth', 'enable-webservice', 'ENABLE_WEBSERVICE', true, 'receive facts and problems over HTTP'),
  port: setting('count', 'webservice-port', 'WEBSERVICE_PORT', 8888, 'port of the web service'),
  tokenSecret: setting(
    'text',
    'insights-token-secret',
    'INSIGHTS_TOKEN_SECRET',
    '',
    'secret that signs tokens, at least 32 bytes',
  ),
  targetLabel: setting(
    'text',
    'token-target-label',
    'TOKEN_TARGET_LABEL',
    '',
    'label that a namespace needs for a token',
  ),
  rabbit: setting(
    'truth',
    'rabbitmq-enabled',
    'RABBITMQ_ENABLED',
    true,
    'publish to RabbitMQ; otherwise print messages',
  ),
  user: setting('text', 'rabbitmq-username', 'RABBITMQ_USERNAME', 'guest', 'user name'),
  password: setting('text', 'rabbitmq-password', 'RABBITMQ_PASSWORD', 'guest', 'password'),
  address: setting('text', 'rabbitmq-hostname', 'RABBITMQ_ADDRESS', 'localhost', 'host, or host:port'),
  tls: setting('truth', 'rabbitmq-tls', 'RABBITMQ_TLS', false, 'use amqps; the server is always verified'),
  verify: setting('truth', 'rabbitmq-verify', 'RABBITMQ_VERIFY', false, noEffect),
  ca: setting('text', 'rabbitmq-cacert', 'RABBITMQ_CACERT', '', 'file of the certificates to trust'),
  cert: setting('text', 'rabbitmq-clientcert', 'RABBITMQ_CLIENTCERT', '', 'file of the client certificate'),
  key: setting('text', 'rabbitmq-clientkey', 'RABBITMQ_CLIENTKEY', '', 'file of its private key'),
  reconnect: setting('count', 'rabbitmq-reconnect-retry-interval', undefined, 30, noEffect),
  metrics: setting('text', 'metrics-bind-address', undefined, '0', 'another address for metrics, over plain HTTP'),
  metricsSecure: setting('truth', 'metrics-secure', undefined, true, noEffect),
  http2: setting('truth', 'enable-http2', undefined, false, noEffect),
  probes: setting('text', 'health-probe-bind-address', undefined, ':8081', 'address of /healthz, /readyz and /metrics'),
  elect: setting(
    'truth',
    'leader-elect',
    undefined,
    false,
    'elect one replica for ConfigMaps and Secrets; all serve HTTP',
  ),
  logLevel: setting('text', 'zap-log-level', undefined, 'info', 'debug, info, error or panic'),
  logDevel: setting('truth', 'zap-devel', undefined, true, noEffect),
  logEncoder: setting('text', 'zap-encoder', undefined, 'json', noEffect),
  logStacktrace: setting('text', 'zap-stacktrace-level', undefined, '', noEffect),
  logTime: setting('text', 'zap-time-encoding', undefined, '', noEffect),
  strict: setting('truth', 'strict-compat', undefined, false, "behave as insights-remote, with its faults; Weir's own"),
  weak: setting('truth', 'allow-weak-secret', undefined, false, "accept a short or well-known secret; Weir's own"),
  scan: setting('truth', 'enable-build-scanner', 'ENABLE_BUILD_SCANNING', false, 'scan the images of finished builds'),
  scanImage: setting(
    'text',
    'build-scanner-image',
    'BUILD_SCANNER_IMAGE',
    'uselagoon/insights-scanner:latest',
    'image of the scanner',
  ),
  scanEnv: setting(
    'list',
    'build-scanner-extra-env',
    'BUILD_SCANNER_EXTRA_ENV_VARS',
    '',
    'variables of the scanner, which override those of the build',
  ),
  track: setting(
    'truth',
    'enable-dependency-track-integration',
    'ENABLE_DEPENDENCY_TRACK_INTEGRATION',
    false,
    'upload reports to Dependency-Track',
  ),
  trackUrl: setting('text', 'dependency-track-api-endpoint', 'DEPENDENCY_TRACK_API_ENDPOINT', '', 'its base URL'),
  trackKey: setting('text', 'dependency-track-api-key', 'DEPENDENCY_TRACK_API_KEY', '', 'its API key'),
  trackEndpoints: setting(
    'text',
    'dependency-track-custom-endpoints',
    'DEPENDENCY_TRACK_CUSTOM_ENDPOINTS',
    '',
    "base URLs, comma-separated, that annotations of ConfigMaps may name; Weir's own",
  ),
  trackRoot: setting(
    'text',
    'dependency-track-root-project-name-template',
    undefined,
    '{{ .ProjectName }}',
    'name of the root project',
  ),
  trackParent: setting(
    'text',
    'dependency-track-parent-project-name-template',
    undefined,
    '{{ .ProjectName }}-{{ .EnvironmentName }}',
    'name of the project below it',
  ),
  trackProject: setting(
    'text',
    'dependency-track-project-name-template',
    undefined,
    '{{ .ProjectName }}-{{ .EnvironmentName }}-{{ .ServiceName }}',
    'name of the project of a report',
  ),
  trackVersion: setting('text', 'dependency-track-version-template', undefined, 'unset', 'its version'),
  trackProdOnly: setting(
    'truth',
    'dependency-track-push-prod-only',
    undefined,
    true,
    'upload reports of production environments only',
  ),
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof settings

/** Flags that print a token instead of a start. */
export const tokenFlags = {
  namespace: 'generate-token-only-namespace',
  environmentId: 'generate-token-only-environment-id',
  projectName: 'generate-token-only-project-name',
  environmentName: 'generate-token-only-environment-name',
} as const
