import { isSecretValue, looksRandom, mark } from './values.ts'

export type Mask = (value: string) => string

/** Without a match, the text has no secret by form. */
export const shapeTrigger =
  /PRIVATE KEY|PuTTY-User|LS0tLS1CRUdJTi|eyJ[\w-]{8}|hooks\.slack|\/api\/webhooks\/|webhookb2|jdbc:oracle|H4sI|Bearer |Basic |bearer |basic |(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12}|gh[pousr]_|github_pat_|\bgl(?:pat|dt|rt|ft|soat|cbt|ptt|imt|agent)-|xox[a-z]-|xapp-|AIza|ya29\.|GOCSPX|[sr]k_(?:live|test)_|whsec_|\bsk-\w|\bnpm_|pypi-|dop_v1|hv[sbr]\.|SG\.|dckr_|AGE-SECRET|shp[a-z]{2}_|NRAK-|hf_|:AA[\w-]{33}|8Q~|LTAI|\$2[abxy]?\$|\$apr1\$|\$[156y]\$|\$argon2|\$scrypt\$|\{S?SHA\d*\}/

const pem =
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)/g
const putty = /(Private-Lines: \d+\s)[\s\S]*?(?=Private-(?:MAC|Hash)|$)/g
const encodedPem = /LS0tLS1CRUdJTi[A-Za-z0-9+/=]+(?:\s+[A-Za-z0-9+/=]{40,})*/g
const token = new RegExp(
  `(?<![A-Za-z0-9])(?:${[
    'eyJ[\\w-]{8,}\\.[\\w-]{8,}\\.[\\w-]{8,}(?:\\.[\\w-]+)*',
    '(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}',
    'LTAI[A-Za-z0-9]{12,20}',
    'AIza[\\w-]{35}',
    'ya29\\.[\\w-]{20,}',
    'GOCSPX-[\\w-]{20,}',
    '[\\w~.-]{3}8Q~[\\w~.-]{31,34}',
    'gh[pousr]_[A-Za-z0-9]{20,}',
    'github_pat_\\w{20,}',
    'gl(?:pat|dt|rt|ft|soat|cbt|ptt|imt|agent)-[\\w-]{16,}',
    'xox[a-z]-[\\w-]{10,}',
    'xapp-[\\w-]{10,}',
    '[sr]k_(?:live|test)_\\w{10,}',
    'whsec_[\\w+/=]{16,}',
    'sk-(?:proj-|ant-|or-)?[\\w-]{20,}',
    'npm_[A-Za-z0-9]{30,}',
    'pypi-[\\w-]{50,}',
    'dop_v1_[0-9a-f]{40,}',
    'hv[sbr]\\.[\\w-]{20,}',
    'SG\\.[\\w-]{16,}\\.[\\w-]{16,}',
    'dckr_(?:pat|oat)_[\\w-]{20,}',
    'AGE-SECRET-KEY-1[A-Z0-9]{50,}',
    'shp(?:at|ca|pa|ss)_[A-Za-z0-9]{20,}',
    'NRAK-[A-Z0-9]{20,}',
    'hf_[A-Za-z0-9]{30,}',
    '\\d{8,10}:AA[\\w-]{33}',
  ].join('|')})(?![A-Za-z0-9])`,
  'g',
)
const passwordHash =
  /\$(?:2[abxy]?\$\d\d\$[./A-Za-z0-9]{40,}|apr1\$[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{20,}|[156y]\$[./A-Za-z0-9$]{1,40}\$[./A-Za-z0-9]{20,}|argon2\w*\$[\w$=,+/]{20,}|scrypt\$[\w$=,+/]{20,})|\{S?SHA\d*\}[A-Za-z0-9+/]{20,}=*/g
const userInfo =
  /([a-z][a-z0-9+.-]{0,20}:\/\/)((?!\d{1,5}[/?#])[^\s"'`<>@:/?#]{0,200}):(?!\d{1,5}[/?#])([^\s"'`<>]{0,500})@/gi
const userOnly = /([a-z][a-z0-9+.-]{0,20}:\/\/)([\w.~%+-]{16,200})@/gi
const hook =
  /(https:\/\/hooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/|https:\/\/(?:\w+\.)?discord(?:app)?\.com\/api\/webhooks\/\d+\/|https:\/\/[\w.-]+\/webhookb2\/)([\w@/-]{10,})/g
const oracle = /(jdbc:oracle:\w{1,10}:[^/@\s]{1,100}\/)([^@\s]{1,200})@/g
const scheme = /\b(bearer|basic)([ \t]+["']?)([\w.~+/-]{6,}={0,2})/gi
const packed = /^\s*H4sI[A-Za-z0-9+/\s]{20,}=*\s*$/
const awsSecret = /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])/g

export function mayHaveShape(text: string): boolean {
  return shapeTrigger.test(text) || (text.includes('://') && text.includes('@'))
}

export function redactShapes(text: string, mask: Mask): string {
  // Compressed values, as of Helm releases, are not inspected.
  if (packed.test(text)) return mask(text)
  const hasAwsKey = /(?:AKIA|ASIA)[A-Z0-9]{16}/.test(text)
  let safe = text.replaceAll(pem, mask).replaceAll(putty, (_, begin: string) => `${begin}${mask(text)}\n`)
  safe = safe.replaceAll(encodedPem, (match) =>
    Buffer.from(match.slice(0, 120), 'base64').toString('latin1').includes('PRIVATE KEY') ? mask(match) : match,
  )
  if (safe.includes('://')) {
    safe = safe.replaceAll(hook, (_, begin: string, secret: string) => begin + mask(secret))
    if (safe.includes('@')) {
      safe = safe.replaceAll(userInfo, (all: string, begin: string, user: string, secret: string) =>
        isSecretValue(secret, 'password') ? `${begin}${user}:${mask(secret)}@` : all,
      )
      safe = safe.replaceAll(userOnly, (all: string, begin: string, secret: string) =>
        looksRandom(secret) ? `${begin}${mask(secret)}@` : all,
      )
    }
  }
  if (safe.includes('jdbc:oracle'))
    safe = safe.replaceAll(oracle, (_, begin: string, secret: string) => `${begin}${mask(secret)}@`)
  safe = safe.replaceAll(token, mask).replaceAll(passwordHash, mask)
  if (hasAwsKey) safe = safe.replaceAll(awsSecret, (match) => (looksRandom(match) ? mask(match) : match))
  return safe.replaceAll(scheme, (all: string, name: string, space: string, secret: string) =>
    isCredential(name, secret) ? name + space + mask(secret) : all,
  )
}

/** Not `basic authentication` or `Bearer token`. */
function isCredential(name: string, secret: string) {
  if (secret.startsWith(mark.slice(0, -1)) || !isSecretValue(secret, 'certain')) return false
  if (name.toLowerCase() === 'basic')
    return /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(secret, 'base64').toString('latin1'))
  return secret.length >= 24 || /\d/.test(secret) || /[a-z][A-Z]|[+/=~]/.test(secret)
}
