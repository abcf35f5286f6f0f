/** Places of secret values in Kubernetes objects; tests search Weir's output for the values. */
export interface Planted {
  readonly way: string
  readonly object: PlantedObject
}

export interface PlantedObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly [other: string]: unknown }
  readonly [other: string]: unknown
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const pem = (label: string, body: string, indent = ''): string =>
  [`-----BEGIN ${label}-----`, 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC', body, 'b2Y=', `-----END ${label}-----`].join(
    `\n${indent}`,
  )

const configMap = (data: object, metadata: object = {}): PlantedObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: '', ...metadata },
  data,
})
const file = (name: string, text: string): PlantedObject => configMap({ [name]: text })
const pod = (container: object): PlantedObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: '' },
  spec: { containers: [{ name: 'c', image: 'example.test/c:1', ...container }] },
})
const script = (text: string): PlantedObject => pod({ command: ['sh', '-c', text] })
const widget = (spec: object, metadata: object = {}): PlantedObject => ({
  apiVersion: 'example.test/v1',
  kind: 'Widget',
  metadata: { name: '', ...metadata },
  spec,
})
const secret = (value: string): PlantedObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db' },
  data: { anything: base64(value) },
})
const annotated = (name: string, value: string): PlantedObject =>
  configMap({ level: 'info' }, { annotations: { [name]: value } })
const event = (message: string): PlantedObject => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: '', namespace: 'vault' },
  involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'p', namespace: 'vault' },
  type: 'Warning',
  reason: 'Failed',
  message,
})

/** Found by name, whatever the value. `v` must have neither spaces nor quotes. */
const named: Readonly<Record<string, (v: string) => PlantedObject>> = {
  'literal block scalar': (v) => file('app.yaml', `database:\n  host: db\n  password: |\n    ${v}\n  port: 5432\n`),
  'folded block scalar': (v) =>
    file('app.yaml', `auth:\n  clientSecret: >-\n    ${v}\n  issuer: https://idp.example\n`),
  'value on the line below its key': (v) => file('app.yaml', `db:\n  password:\n    ${v}\n  user: shop\n`),
  'quoted scalar over two lines': (v) => file('app.yaml', `token: "first\n  ${v}"\nlevel: info\n`),
  'list below a key': (v) => file('app.yaml', `api_keys:\n  - ${v}\n  - "other"\nlevel: info\n`),
  'flow mapping': (v) => file('app.yaml', `db: {user: shop, password: ${v}, port: 5432}\n`),
  'name and value in YAML': (v) =>
    file('app.yaml', `env:\n  - name: DB_PASSWORD\n    value: ${v}\n  - name: LEVEL\n    value: info\n`),
  'key pwd': (v) => file('app.ini', `[db]\nuser=shop\npwd=${v}\n`),
  'key auth': (v) => file('app.yaml', `smtp:\n  host: mail\n  auth: u1:${v}\n`),
  'key signing_key': (v) => configMap({ signing_key: v }),
  'key encryptionKey': (v) => file('app.json', JSON.stringify({ encryptionKey: v, level: 'info' })),
  'key dbPwd': (v) => configMap({ dbPwd: v }),
  'key SECRET_KEY_BASE': (v) => configMap({ SECRET_KEY_BASE: v }),
  'key jwt': (v) => configMap({ jwt: v }),
  'key session.jwt': (v) => configMap({ 'session.jwt': v }),
  'key connectionString': (v) => configMap({ connectionString: v }),
  'key DB_CONNECTION_STRING': (v) => configMap({ DB_CONNECTION_STRING: v }),
  'key connection-string': (v) => file('app.yaml', `db:\n  connection-string: ${v}\n`),
  'key hmac': (v) => configMap({ hmac: v }),
  'key webhook_hmac': (v) => file('.env', `WEBHOOK_HMAC=${v}\n`),
  'key salt': (v) => configMap({ salt: v }),
  'key PASSWORD_SALT': (v) => configMap({ PASSWORD_SALT: v }),
  'key accessKeyId': (v) => configMap({ accessKeyId: v }),
  'key AWS_ACCESS_KEY_ID': (v) => file('.env', `AWS_ACCESS_KEY_ID=${v}\n`),
  'key s3.access-key-id': (v) => file('a.properties', `s3.access-key-id=${v}\n`),
  'define of PHP': (v) =>
    file('wp-config.php', `<?php\ndefine( 'DB_NAME', 'shop' );\ndefine('DB_PASSWORD', '${v}');\n`),
  'define of PHP, salt': (v) => file('wp-config.php', `define("AUTH_SALT",  "${v}");\n`),
  'array of PHP': (v) => file('a.php', `$cfg['Servers'][1]['password'] = '${v}';\nreturn ['db_password' => '${v}'];\n`),
  'variable of Ruby': (v) => file('a.rb', `ENV['DB_PASSWORD'] = '${v}'\nKEY = ENV.fetch("API_TOKEN", "${v}")\n`),
  'hash of Ruby': (v) => file('database.rb', `{ :user => 'shop', :password => '${v}' }\n`),
  'dict of Python': (v) =>
    file('settings.py', `DATABASES = {'default': {'PASSWORD': '${v}'}}\nc["password"] = "${v}"\n`),
  'default of Python': (v) => file('settings.py', `os.environ.setdefault('SECRET_KEY', '${v}')\n`),
  'property of Java': (v) => file('A.java', `System.setProperty("db.password", "${v}");\n`),
  'default of a template of Go': (v) =>
    file('a.tpl', `a: {{ .Values.db.password | default "${v}" }}\nb: {{ default "${v}" .Values.db.password }}\n`),
  'key passphrase': (v) => file('a.toml', `[vault]\npassphrase = "${v}"\n`),
  'key in JSON within JSON': (v) =>
    file('a.json', JSON.stringify({ inner: JSON.stringify({ password: v, n: 12345678901234567890n.toString() }) })),
  'JSON with comments': (v) => file('a.jsonc', `{\n  // of the shop\n  "password": "${v}",\n  "level": 3,\n}\n`),
  'triple quotes': (v) => file('a.toml', `token = """\n${v}"""\nlevel = 3\n`),
  properties: (v) =>
    file(
      'application.properties',
      `spring.datasource.url=jdbc:postgresql://db/shop\nspring.datasource.password=${v}\n`,
    ),
  'properties that continue in the next line': (v) =>
    file('a.properties', `api.token = first\\\n  ${v}\nlevel = info\n`),
  'default of a variable': (v) =>
    file('application.yaml', `spring:\n  datasource:\n    password: \${DB_PASSWORD:${v}}\n`),
  'env file': (v) => file('.env', `LEVEL=info\nexport AWS_SECRET_ACCESS_KEY='${v}'\n`),
  'XML element': (v) => file('settings.xml', `<servers><server><id>x</id><password>${v}</password></server></servers>`),
  'XML attribute': (v) => file('app.xml', `<dataSource user="shop" password="${v}" pool="3"/>`),
  'XML property': (v) =>
    file(
      'core-site.xml',
      `<configuration><property><name>fs.s3a.secret.key</name>\n<value>${v}</value></property></configuration>`,
    ),
  'XML name and value': (v) => file('web.config', `<appSettings><add key="ApiKey" value="${v}" /></appSettings>`),
  '.netrc': (v) => file('.netrc', `machine git.example login bot password ${v}\n`),
  '.netrc over lines': (v) => file('netrc', `machine git.example\n  login bot\n  password ${v}\n`),
  '.pgpass': (v) => file('.pgpass', `db:5432:shop:shop:${v}\n`),
  '.npmrc': (v) => file('.npmrc', `registry=https://npm.example/\n//npm.example/:_authToken=${v}\n`),
  'redis.conf': (v) => file('redis.conf', `port 6379\nrequirepass ${v}\nmaxmemory 1gb\n`),
  'header in nginx.conf': (v) =>
    file('nginx.conf', `location / {\n  proxy_set_header X-Api-Key ${v};\n  proxy_pass http://up;\n}\n`),
  SQL: (v) => file('init.sql', `CREATE USER shop IDENTIFIED BY '${v}';\nALTER ROLE shop WITH LOGIN PASSWORD '${v}';\n`),
  kubeconfig: (v) => file('config', `apiVersion: v1\nkind: Config\nusers:\n- name: bot\n  user:\n    token: ${v}\n`),
  'manifest of a Secret': (v) =>
    file(
      'all.yaml',
      'apiVersion: v1\nkind: ConfigMap\ndata:\n  a: b\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: ' +
        `x\nstringData:\n  anything: ${v}\n  other: |\n    first\n    ${v}\n`,
    ),
  'manifest of a Secret as JSON': (v) =>
    file('all.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [secret(v)] })),
  'connection string': (v) =>
    configMap({ ConnectionStrings__Main: `Server=db;User Id=shop;Password=${v};Encrypt=true` }),
  'password in a URL': (v) => configMap({ url: `postgres://shop:${v}@db.example:5432/shop?sslmode=require` }),
  'password in a URL within a file': (v) => file('celery.py', `broker_url = 'amqp://shop:${v}@mq:5672//'\n`),
  'Oracle URL': (v) => configMap({ url: `jdbc:oracle:thin:scott/${v}@//db:1521/x` }),
  'query of a URL': (v) => configMap({ hook: `https://hooks.example/in?channel=a&access_token=${v}&x=1` }),
  'binaryData that is text': (v) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: '' },
    binaryData: { 'app.properties': base64(`db.password=${v}\n`) },
  }),
  'last-applied annotation': (v) =>
    annotated(
      'kubectl.kubernetes.io/last-applied-configuration',
      JSON.stringify(configMap({ 'a.yaml': `password: |\n  ${v}\n` })),
    ),
  'copy of a Secret in an annotation': (v) => annotated('kapp.example/original', JSON.stringify(secret(v))),
  'copy of a Secret in YAML in an annotation': (v) =>
    annotated('example.test/original', `apiVersion: v1\nkind: Secret\ndata:\n  anything: ${base64(v)}\n`),
  'copy in an annotation of the Secret': (v) => ({
    ...secret(v),
    metadata: {
      name: '',
      annotations: {
        'example.test/before': JSON.stringify({ data: { x: base64(`${v} of before`) } }),
        'example.test/note': `it is ${v}`,
      },
    },
  }),
  'custom resource': (v) => widget({ user: 'shop', password: v }),
  'custom resource, list': (v) => widget({ tokens: [v] }),
  'custom resource, name and value': (v) =>
    widget({
      parameters: [
        { name: 'auth.rootPassword', value: v },
        { name: 'replicas', value: '3' },
      ],
    }),
  'values of Helm': (v) => widget({ values: { auth: { postgresPassword: v, username: 'shop' }, replicas: 3 } }),
  'values of Helm as text': (v) => widget({ valuesContent: `auth:\n  rootPassword: ${v}\nreplicas: 3\n` }),
  'header of a probe': (v) =>
    pod({
      livenessProbe: {
        httpGet: { path: '/healthz', port: 8080, httpHeaders: [{ name: 'Authorization', value: `Bearer ${v}` }] },
      },
    }),
  'own header of a probe': (v) =>
    pod({ readinessProbe: { httpGet: { path: '/', port: 80, httpHeaders: [{ name: 'X-Api-Key', value: v }] } } }),
  'command of a probe': (v) => pod({ livenessProbe: { exec: { command: ['redis-cli', '-a', v, 'ping'] } } }),
  'mysql -pX': (v) => pod({ command: ['mysqladmin', '-uroot', `-p${v}`, 'ping'] }),
  'mysql -pX as arguments': (v) => pod({ command: ['mysqldump'], args: ['-u', 'root', `-p${v}`, 'shop'] }),
  'mysql -pX in a script': (v) => script(`until mysql -h db -uroot -p${v} -e 'select 1'; do sleep 1; done`),
  'curl -u in arguments': (v) => pod({ command: ['curl'], args: ['-s', '-u', `bot:${v}`, 'https://git.example'] }),
  'curl -u in a script': (v) => script(`set -e\ncurl -fsS \\\n  -u "bot:${v}" https://git.example/x | tar xz`),
  '--token X': (v) => pod({ args: ['run', '--token', v, '--level', 'info'] }),
  '--token X in a script': (v) => script(`agent join --token ${v} --server https://k8s.example`),
  '--auth-token=X': (v) => pod({ args: [`--auth-token=${v}`] }),
  'docker login -p X': (v) => file('login.sh', `#!/bin/sh\ndocker login -u bot -p ${v} registry.example\n`),
  'sshpass -p X': (v) => file('copy.sh', `sshpass -p '${v}' scp a host:/b\n`),
  'password by stdin': (v) => script(`echo ${v} | docker login --username bot --password-stdin registry.example`),
  'openssl pass:X': (v) => script(`openssl pkcs12 -export -in a.crt -passout pass:${v}`),
  'variable before a program': (v) => script(`PGPASSWORD=${v} psql -h db shop`),
  'variable of a Pod': (v) =>
    pod({
      env: [
        { name: 'REDIS_AUTH', value: `u:${v}` },
        { name: 'DB_PASS', value: v },
      ],
    }),
  'JSON in a script': (v) => script(`curl -d '{"token": "${v}", "n": 1}' https://x.example`),
  'message of an event, --password=X': (v) =>
    event(`Error: failed to start container "c": exec: "run --password=${v}": no such file`),
  'message of an event, URL': (v) =>
    event(`Liveness probe failed: Get "http://bot:${v}@10.0.0.1:80/": context deadline exceeded`),
  'message of an event, -pX': (v) =>
    event(`Readiness probe errored: command "mysqladmin -uroot -p${v} ping" timed out`),
  label: (v) => configMap({ a: 'b' }, { labels: { 'example.test/password': v } }),
  'termination message': (v) => ({
    ...pod({}),
    status: {
      containerStatuses: [
        { name: 'c', state: { terminated: { exitCode: 1, message: `auth failed: DB_PASSWORD=${v}` } } },
      ],
    },
  }),
}

/** Found by form or randomness: `v` has at least 32 hexadecimal digits. */
const shaped: Readonly<Record<string, (v: string) => PlantedObject>> = {
  PEM: (v) => file('server.pem', `${pem('CERTIFICATE', base64('public'))}\n${pem('RSA PRIVATE KEY', v)}\n`),
  'PEM under a neutral word': (v) => configMap({ a: pem('EC PRIVATE KEY', v) }),
  'key of OpenSSH': (v) => configMap({ id: pem('OPENSSH PRIVATE KEY', v) }),
  'PEM within YAML': (v) => file('a.yaml', `ca:\n  x: |\n    ${pem('PRIVATE KEY', v, '    ')}\n  y: 1\n`),
  'PEM without an end': (v) => event(`cannot parse -----BEGIN PRIVATE KEY-----\n${v}`),
  'client-key-data': (v) =>
    file(
      'kubeconfig',
      `users:\n- name: bot\n  user:\n    client-certificate-data: ${base64(pem('CERTIFICATE', 'x'))}\n    ` +
        `client-key-data: ${base64(pem('RSA PRIVATE KEY', v))}\n`,
    ),
  'PEM in base64': (v) => widget({ bundle: base64(pem('PRIVATE KEY', v)) }),
  'account of a service of GCP': (v) =>
    file(
      'a.json',
      JSON.stringify({
        type: 'service_account',
        project_id: 'p',
        private_key_id: 'k',
        private_key: `-----BEGIN PRIVATE KEY-----\n${v}\n-----END PRIVATE KEY-----\n`,
        client_email: 'a@p.iam.example',
      }),
    ),
  JWT: (v) => configMap({ x: `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJib3Qi${v}.c2lnbmF0dXJl${v}` }),
  'JWT in a message': (v) => event(`rejected eyJhbGciOiJSUzI1NiJ9.${v}.${v} of the caller`),
  'key id of AWS': (v) => configMap({ x: `AKIA${v.slice(0, 16).toUpperCase()}` }),
  'token of GitHub': (v) => script(`git clone https://ghp_${v}@github.com/a/b`),
  'token of GitLab': (v) => configMap({ x: `glpat-${v}` }),
  'token of Slack': (v) => configMap({ x: `xoxb-12345678-${v}` }),
  'hook of Slack': (v) => configMap({ x: `https://hooks.slack.com/services/T0001/B0001/${v}` }),
  'key of Stripe': (v) => configMap({ x: `sk_live_${v}` }),
  'Bearer X in a script': (v) => script(`curl -H "Authorization: Bearer ${v}" https://x.example`),
  'Bearer X in arguments': (v) => pod({ args: ['-H', `Authorization: Bearer ${v}`] }),
  'Bearer X in a message': (v) => event(`request with Bearer ${v} was refused`),
  'Basic X': (v) => configMap({ x: `Basic ${base64(`bot:${v}`)}` }),
  'random beside a word': (v) => configMap({ note: `the access token for staging is ${v} until May` }),
  'weak name, random value': (v) => file('a.yaml', `session:\n  salt: ${v}\n`),
  'user of a URL': (v) => configMap({ SENTRY: `https://${v}@sentry.example/4` }),
  'hash of a password': (v) => file('users', `bot:$2y$10$${v.slice(0, 22)}${v.slice(0, 31)}\n`),
  'release of Helm': (v) => configMap({ release: `H4sIAAAAAAAA${v}` }),
}

/** Each place with a distinct value, by number. */
export function planted(value: (number: number) => string, only: 'all' | 'named' = 'all'): Planted[] {
  return [...Object.entries(named), ...(only === 'all' ? Object.entries(shaped) : [])].map(([way, make], index) => ({
    way,
    object: make(value(index)),
  }))
}
