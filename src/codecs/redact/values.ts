import { suspicionOf, type Suspicion } from './names.ts'

export const mark = 'redacted:'

const plainWords = new Set(
  `
  true false yes no on off null none nil undefined enabled disabled required optional auto default never always any all
  strict lax basic bearer digest ntlm ldap oauth oauth2 oidc openid jwt saml kerberos mtls tls plain md5 trust peer
  ident anonymous header headers cookie query body form string str text varchar char bytes byte int integer number
  boolean bool object array list dict map secretstr password passwd passphrase pwd secret secrets token tokens
  credential credentials apikey api_key api-key key keys auth authorization username include omit same-origin ~ - * n/a
  tbd empty file env vault internal external
`
    .trim()
    .split(/\s+/),
)

/** Variable, template, mask, or reference to a secret store. */
const placeholder =
  /^(?:\$\{[\w.-]+(?::?\?[^}]*)?\}|\$\{(?:env|file|secret|vault|sys)[:.][\w./-]+\}|\$\([\w.-]+\)|\$[A-Z_][A-Z0-9_]*|\$[A-Za-z_][A-Za-z_.-]*|\$\d|%[A-Za-z_]\w*%|%\(\w+\)s|%[sdv]|@[\w.]+@|<[^<>]*>|\{\{[\s\S]*\}\}|\{%[\s\S]*%\}|<%[\s\S]*%>|\{[\w.]*\}|\[[\w -]*\]|\[\*+\]|[*•]+|[xX]{3,}|\.{3,}|_+|!Ref \S+|!Sub .*|\$\{\{[^}]*\}\})$/
const command = /^(?:\$\{?[A-Za-z_]\w*\}?\s|\\[SsWwDd]|\[\^|\(\?|\.[*+]|"?\$\(|`|\$\{\w+(?::-|:\?|-)?\$)/
const elsewhere =
  /^(?:arn:aws|vault:|op:\/\/|ref\+|env:|env\.|file:|secretref:|secret:\/\/|projects\/[\w-]+\/secrets\/|ENC\[|AgB[A-Za-z0-9+/]{100}|awssm:|gcpsm:|keyvault:|@Microsoft\.KeyVault|ssm:|valueFrom)/
const call = /^[A-Za-z_$][\w$.]*\(.*\)[;,]?$|^[A-Za-z_$.]+\([^)]*$/
const member =
  /^(?:req|request|res|response|self|this|config|cfg|args|params|props|os|process|ctx|context|data|env|event|headers|values|options|opts|settings|user|session|ngx|local|var|input|output|state|account|module)\b[\w$.]*(?:\[.*\])?[;,]?$/i
const plainUrl = /^[a-z][a-z0-9+.-]*:\/\/[^\s@?]*$/i
const path =
  /^(?:\.{0,2}|~|[A-Za-z]:|@|\$\{?\w+\}?)(?:[/\\][\w.@${}*-]+){2,}[/\\]?$|^(?:\.{1,2}|~)\/[\w./-]+$|^\/[\w-]+\.[a-z]{1,5}$|^\/[a-z][a-z-]{0,20}\/?$/
const amount = /^[+-]?\d{1,9}(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|w|y|[KMGT]i?B?|%)?$/
const secretWord = /\b(?:password|passwd|passphrase|token|secret|credential|key|passcode|login|authenticat)/i
const simple = /^[A-Za-z]{1,16}(?:[-_. ,][A-Za-z]{1,16})?$|^[a-z]+[-_]?\d{1,4}$|^scram-sha-\d+$/i
const hostname = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:\/[\w./-]*)?$/i
const email = /^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/
const objectName = /^(?:[a-z][a-z-]*\/)?[a-z]+(?:-[a-z]+)*(?:-\d{1,3}|-v\d+)?$/
const objectWord =
  /(?:^|-)(?:tls|cert|certs|secret|secrets|cred|creds|credentials?|auth|tokens?|registry|regcred|pull|config|ca|ssl|keys?|ingress|password|passwords|htpasswd|env)(?:-|$)/
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i
const digest = /^(?:sha(?:1|256|384|512)|md5)[:-]/i
const algorithm =
  /^(?:hmac[-_]?)?(?:sha[-_]?\d*(?:[-/_]\d+)?|md5|blake2\w*)$|^(?:[HREP]S\d{3}|EdDSA|bcrypt|scrypt|argon2\w*|pbkdf2\w*|hex|base64|random|header|cookie)$/i
/** Form of a connection string. */
const pairs = /^[\w .]+=[^;\s]*(?:[;\s]\s*[\w .]+=[^;\s]*)*;?$/
const version = /^v?\d+(?:\.\d+)+[\w.+-]*$/

export function isSecretValue(value: string, suspicion: Suspicion): boolean {
  if (suspicion === 'none') return false
  const text = value.trim()
  if (text === '' || text.startsWith(mark)) return false
  if (suspicion === 'weak') return looksRandom(text)
  const credential = /^(?:bearer|basic|token|apikey|digest)[ \t]+(\S[\s\S]*)$/i.exec(text)?.[1]
  if (credential !== undefined && credential.length < text.length) return isSecretValue(credential, suspicion)
  if (plainWords.has(text.toLowerCase()) || placeholder.test(text) || command.test(text) || elsewhere.test(text))
    return false
  if (
    plainUrl.test(text) ||
    (path.test(text) && !looksRandom(text.replaceAll(/[/\\]/g, ''))) ||
    call.test(text) ||
    (member.test(text) && /[.[]/.test(text))
  )
    return false
  if (isProse(text)) return false
  if (suspicion === 'password') return true
  if (amount.test(text)) return false
  if (/^[A-Za-z]+(?:[-_.][A-Za-z]+)*$/.test(text) && text.length <= 40 && isSecretName(text)) return false
  if (suspicion === 'reference') return !(objectName.test(text) && objectWord.test(text))
  if (suspicion === 'certain') return true
  if (suspicion === 'opaque') return !(algorithm.test(text) || pairs.test(text) || /^[{[<]/.test(text))
  return !(
    simple.test(text) ||
    hostname.test(text) ||
    email.test(text) ||
    digest.test(text) ||
    version.test(text) ||
    uuid.test(text) ||
    /^[{[<|>&!(]/.test(text) ||
    /^(?:[\w.-]+,\s*)+[\w.-]+$/.test(text) ||
    text.includes('\n') ||
    /^[A-Z]?[a-z,]+(?: [A-Za-z,.']+){2,}$/.test(text)
  )
}

function isSecretName(text: string) {
  const suspicion = suspicionOf(text)
  return suspicion === 'certain' || suspicion === 'password'
}

/** `Enter your password`, `The token has expired.` */
function isProse(text: string): boolean {
  if (!text.includes(' ') || text.length > 1000) return false
  if (!/^[\p{L}(“"'*¿¡][\p{L}\p{N}\s.,:;!?()'"’“”%/*{}<>+&-]*$/u.test(text)) return false
  const words = text.split(/\s+/)
  return (
    words.every((word) => !/\d/.test(word) || word.length <= 4) &&
    (words.length >= 3 ? secretWord.test(text) || /^\p{Lu}/u.test(text) : secretWord.test(text))
  )
}

/** Long, and mixed unlike any word, name, version, digest or UUID. */
export function looksRandom(text: string): boolean {
  if (text.length < 16 || text.length > 2048 || !/^[\w+/=.~:-]+$/.test(text) || uuid.test(text) || digest.test(text))
    return false
  return (
    text.split(/[-_.:/~=]/).some((part) => part.length >= 16 && isMixed(part)) ||
    (!/[-.:]/.test(text) && isMixed(text.replaceAll(/[/_=]/g, '')))
  )
}

function isMixed(part: string): boolean {
  if (part.length < 16 || !/\d/.test(part) || !/[A-Za-z]/.test(part)) return false
  let changes = 0
  for (let at = 1; at < part.length; at++)
    if (kindOf(part.charCodeAt(at)) !== kindOf(part.charCodeAt(at - 1))) changes++
  return changes >= part.length / 5 && new Set(part).size >= Math.min(9, part.length / 2)
}

function kindOf(code: number): number {
  return code < 58 ? 0 : code < 91 ? 1 : 2
}
