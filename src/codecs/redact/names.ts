/**
 * `certain`: any value but a placeholder is secret. `likely`: unless it is a plain word, an address or prose.
 * `reference`: unless it names an object. `weak`: only if it looks random. `opaque`: unless it is an algorithm or a
 * list of `name=value`: its parts are judged.
 */
export type Suspicion = 'none' | 'weak' | 'likely' | 'reference' | 'opaque' | 'certain' | 'password'

const about = new Set(
  `
  name names ref refs reference references type types kind mode modes enabled enable disabled disable required optional
  policy policies ttl timeout expiry expiration expire expires expired lifetime duration interval age length len size
  min max minimum maximum count counts limit limits num number rotation rotate provider providers issuer issuers
  audience audiences algorithm algorithms alg algs format header headers prefix suffix field fields claim claims scope
  scopes method methods class store stores stored manager service services server servers host hosts hostname port
  ports realm mount mounts path paths file files filename dir directory folder url urls uri uris endpoint endpoints
  location namespace namespaces version versions label labels selector hint hints strategy encoder encoding hashing
  iterations cost validation validator validators validate hashers encoders reset change changed recovery strength
  attempts retries retry lockout history complexity special uppercase lowercase digits cache check review reviews
  binding projection mounting automount id ids user users username usernames email group groups role roles owner domain
  region zone bucket table column index topic subject schema template message messages text title description
  placeholder error errors warning failed failure success invalid missing handler filter filters middleware module
  plugin plugins backend backends frontend proxy client clients app apps image repository tag registry allowed denied
  allow deny requests request response responses status state event events metric metrics log logs logging level verify
  verified verification verifier bits rounds life source sources target html htm lua js ts css py rb go php pl tmpl tpl
  j2 md svg proto sql crt cert certs certificate certificates ca hash checksum sum fingerprint thumbprint usage usages
  leeway skew grace period seconds minutes hours days sec secs ms delay window per rate quota separator delimiter
  pattern regex regexp character characters chars charset set mapping map mappings transformer generator factory
  converter aware support supported option options config configuration settings properties spec resource resources
  plural kinds case sensitive insensitive in out for cleanup purge refresher sync syncer operator controller agent
  exporter webhook annotation annotations visible visibility show hide hidden auto autofill autocomplete
`
    .trim()
    .split(/\s+/),
)

const neutral =
  /^(?:\d*|value|data|base64|b64|old|new|current|previous|prev|next|default|prod|production|dev|test|staging|primary|secondary|plain|plaintext|raw|str|string|content|contents|base|json|ya?ml|txt|pem|env|ini|dat|bin|p12|pfx|jks|conf|cfg|internal|external)$/

const passwordWord =
  /^\w*(?:passw(?:or)?ds?|passphrases?|passcodes?|kennwort|passwort)\d*$|^\w*pwd\d*$|^pw$|^requirepass$|^masterauth$|^psk$|^(?:pgpass|htpasswd|sshpass)$/
const notPass = new Set([
  'proxy',
  'fastcgi',
  'uwsgi',
  'scgi',
  'grpc',
  'memcached',
  'first',
  'second',
  'multi',
  'single',
  'by',
  'test',
  'render',
])
const certainWord =
  /^(?:\w*tokens?|credentials?|creds?|bearer|\w+secrets?|\w*(?:api|secret|access|private|signing|encryption|auth|master|account|shared|crypt)keys?|keytab|keystore|dockercfg|dockerconfigjson|bip39|mnemonic)\d*$/
const notToken =
  /^(?:external|sealed|kube|k8s|pull|tls)secrets?$|^(?:no|de|un)?tokens?(?:iz|is)|^(?:max|min|num|count)tokens?$/
/** Marks a value, not the name of an object. */
const ownSecret = new Set([
  'client',
  'shared',
  'jwt',
  'cookie',
  'app',
  'webhook',
  'session',
  'consumer',
  'hmac',
  'token',
  'api',
  'oauth',
  'oauth2',
  'auth',
  'signing',
  'hash',
  'csrf',
  'user',
  'admin',
  'app',
  'access',
  'storage',
  'vault',
  'key',
  'totp',
  'otp',
  'turn',
  'rpc',
  'bot',
  'my',
])
const certainKey = new Set([
  'api',
  'private',
  'access',
  'secret',
  'signing',
  'sign',
  'encryption',
  'encrypt',
  'decryption',
  'crypto',
  'cipher',
  'master',
  'shared',
  'account',
  'storage',
  'auth',
  'ssh',
  'hmac',
  'jwt',
  'aes',
  'rsa',
  'cookie',
  'unseal',
  'wrapping',
  'recovery',
  'certificate',
  'priv',
  'preshared',
  'deploy',
  'consumer',
])
const likelyKey = new Set([
  'app',
  'user',
  'client',
  'server',
  'host',
  'session',
  'license',
  'licence',
  'data',
  'admin',
  'integration',
  'instrumentation',
  'write',
  'tls',
  'ssl',
  'ca',
  'root',
  'service',
  'security',
  'signature',
  'webhook',
  'application',
  'bootstrap',
  'gossip',
  'cluster',
])
const likelyWord = /^(?:auth|authorization|dsn|connectionurl|jaas)$/
const opaqueWord = /^(?:jwts?|hmacs?|salts?|connectionstrings?|connstrs?|accesskeyids?)\d*$/
const weakWord =
  /^(?:\w*keys?|\w+salt|pepper|seed|nonce|cookie|signature|sig|license|licence|otp|pin|session|webhook|sas)\d*$/

const cache = new Map<string, Suspicion>()
const maxKnown = 20_000

export function suspicionOf(name: string): Suspicion {
  let suspicion = cache.get(name)
  if (suspicion === undefined) {
    suspicion = judged(wordsOf(name))
    if (cache.size < maxKnown) cache.set(name, suspicion)
  }
  return suspicion
}

/** Words of `dbPassword`, `DB_PASSWORD`, `db.password` and `example.com/db-password`, in lower case. */
function wordsOf(name: string): string[] {
  const lastPart = name.slice(name.lastIndexOf('/') + 1)
  return lastPart
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}

function judged(words: readonly string[]): Suspicion {
  let [tail, seen] = [false, '']
  for (let at = words.length - 1; at >= 0; at--) {
    const word = words[at] ?? ''
    if (!tail && at > 0 && neutral.test(word) && !isConnectionString(words, at)) continue
    if (!tail && /^ids?$/.test(word) && isAccessKey(words, at)) return 'opaque'
    const suspicion = suspicionOfWord(word, words, at)
    if (suspicion !== 'none')
      return seen === 'about'
        ? suspicion === 'weak'
          ? 'none'
          : 'none'
        : tail && suspicion !== 'password'
          ? lowered(suspicion)
          : suspicion
    if (about.has(word)) seen = 'about'
    tail = true
  }
  return 'none'
}

function lowered(suspicion: Suspicion): Suspicion {
  if (suspicion === 'opaque') return 'weak'
  return suspicion === 'certain' || suspicion === 'reference' ? 'likely' : suspicion === 'likely' ? 'weak' : 'none'
}

/** `ConnectionStrings__Main`, `connectionString`, `db.conn.str`. */
function isConnectionString(words: readonly string[], at: number): boolean {
  return /^str(?:ing)?s?$/.test(words[at] ?? '') && /^conn(?:ection)?$/.test(words[at - 1] ?? '')
}

function isAccessKey(words: readonly string[], at: number): boolean {
  return words[at - 1] === 'accesskey' || (words[at - 1] === 'key' && words[at - 2] === 'access')
}

function suspicionOfWord(word: string, words: readonly string[], at: number): Suspicion {
  const before = words[at - 1] ?? ''
  if (passwordWord.test(word) && word !== 'cwd')
    return word === 'pwd' && words.length > 1 && before === 'old' ? 'none' : 'password'
  if (word === 'pass') return notPass.has(before) ? 'none' : 'certain'
  if (word === 'secret' || word === 'secrets') return ownSecret.has(before) ? 'certain' : 'reference'
  if (word === 'key' || word === 'keys') {
    if (before === 'public' || before === 'pub') return 'none'
    return certainKey.has(before) ? 'certain' : likelyKey.has(before) ? 'likely' : 'weak'
  }
  if (isConnectionString(words, at) || opaqueWord.test(word)) return 'opaque'
  if (certainWord.test(word)) return notToken.test(word) ? 'none' : 'certain'
  if (likelyWord.test(word)) return 'likely'
  return weakWord.test(word) && !/^(?:mon|tur|don|hoc|joc|whis|var|bus)keys?$/.test(word) ? 'weak' : 'none'
}
