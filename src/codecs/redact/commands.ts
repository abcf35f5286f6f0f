/** Secrets in command lines, as in `mysql -pX` and `curl -u user:X`. */
import type { Mask } from './shapes.ts'
import { suspicionOf } from './names.ts'
import { isSecretValue } from './values.ts'

type Tool = Readonly<{
  name: RegExp
  /** `-p` is `-pX` and `-p X`. */
  flags: readonly string[]
  /** Only joined: `mysql -p db` prompts for the password. */
  joined?: true
  /** Only the part after a colon is secret. */
  afterColon?: true
  of?: 'login'
}>

const tools: readonly Tool[] = [
  { name: /^(?:mysql|mariadb)[\w-]*$|^7z\w*$/, flags: ['-p'], joined: true },
  { name: /^(?:sshpass|mongo\w*|rabbitmqadmin|cqlsh|couchbase-cli)$/, flags: ['-p'] },
  { name: /^(?:docker|podman|buildah|nerdctl|skopeo|helm|crane|oras|az)$/, flags: ['-p'], of: 'login' },
  { name: /^(?:redis-cli|valkey-cli|keydb-cli)$/, flags: ['-a'] },
  { name: /^(?:ldap\w+)$/, flags: ['-w'] },
  { name: /^(?:mosquitto_\w+|sqlcmd|bcp|ipmitool|zip|unzip)$/, flags: ['-P'] },
  {
    name: /^(?:curl|http|https|wget)$/,
    flags: ['-u', '--user', '-U', '--proxy-user', '--auth', '-a'],
    afterColon: true,
  },
]
const toolNames =
  '(?:mysql|mariadb)[\\w-]*|7z\\w*|sshpass|mongo\\w*|docker|podman|buildah|nerdctl|skopeo|helm|crane|oras|az|rabbitmqadmin|cqlsh|couchbase-cli|(?:redis|valkey|keydb)-cli|ldap\\w+|mosquitto_\\w+|sqlcmd|bcp|ipmitool|zip|unzip|curl|https?|wget'
const line = new RegExp(
  `(?<![\\w./-])(?:/?(?:[\\w.-]+/){0,10})(${toolNames})[ \\t]+((?:\\\\\\r?\\n|[^\\n|;&]){1,2000})`,
  'g',
)
export const commandTrigger =
  /\b(?:mysql|mariadb|7z|sshpass|mongo|docker|podman|skopeo|helm|az |redis-cli|valkey-cli|ldap|mosquitto_|sqlcmd|ipmitool|zip|curl|wget|https? |chpasswd|htpasswd|pass:|identified|stdin)/i

const openssl = /(\bpass:)([^\s"']+)/g
const piped =
  /((?:echo|printf)[ \t]+(?:-\w+[ \t]+)*(?:'%s(?:\\n)?'[ \t]+)?["']?)([^\s"'|]+)(["']?[ \t]*\|[^\n]{0,200}(?:password-stdin|--stdin|-stdin\b))/g
const chpasswd = /((?:echo|printf)[ \t]+["']?[\w.-]+:)([^\s"'|]+)(["']?[ \t]*\|[^\n]{0,40}chpasswd)/g
const htpasswd = /(\bhtpasswd[ \t]+-\w*b\w*[ \t]+\S+[ \t]+\S+[ \t]+["']?)([^\s"']+)/g
const sql =
  /(\bidentified[ \t]+(?:with[ \t]+\S+[ \t]+)?by[ \t]+(?:password[ \t]+)?|\bpassword[ \t]+)(['"])((?:(?!\2)[^\n])+)\2/gi

export function redactCommands(text: string, mask: Mask): string {
  if (!commandTrigger.test(text)) return text
  const keep = (all: string, begin: string, secret: string, end = '') =>
    isSecretValue(secret, 'password') ? begin + mask(secret) + end : all
  return text
    .replaceAll(openssl, keep)
    .replaceAll(piped, keep)
    .replaceAll(chpasswd, keep)
    .replaceAll(htpasswd, keep)
    .replaceAll(sql, (all: string, begin: string, quote: string, secret: string) =>
      isSecretValue(secret, 'password') ? begin + quote + mask(secret) + quote : all,
    )
    .replaceAll(
      line,
      (all: string, name: string, rest: string) => all.slice(0, all.length - rest.length) + inCommand(name, rest, mask),
    )
}

function inCommand(name: string, rest: string, mask: Mask): string {
  let safe = rest
  for (const tool of tools) {
    if (!tool.name.test(name) || (tool.of !== undefined && !/\blogin\b/.test(rest))) continue
    for (const flag of tool.flags) {
      const value = tool.joined === true ? '' : flag.startsWith('--') ? '(?:[ \\t]+|=)' : '[ \\t]*'
      safe = safe.replaceAll(
        new RegExp(`((?:^|\\s)${flag}${value}["']?${tool.afterColon === true ? '[^\\s:"\']+:' : ''})([^\\s"']+)`, 'g'),
        (all: string, begin: string, secret: string) => (isSecretFlag(secret) ? begin + mask(secret) : all),
      )
    }
  }
  return safe
}

function isSecretFlag(secret: string) {
  return !secret.startsWith('-') && isSecretValue(secret, 'password')
}

/** `text` redacts the other arguments. Returns the same list if nothing changed. */
export function redactArguments(
  list: readonly string[],
  mask: Mask,
  text: (value: string) => string,
  suspicion = suspicionOf,
): readonly string[] {
  const used = tools.filter(
    ({ name, of }) =>
      (of === undefined || list.includes(of)) &&
      list.some((entry) => name.test(entry.slice(entry.lastIndexOf('/') + 1))),
  )
  let safe: string[] | undefined
  for (let at = 0; at < list.length; at++) {
    const entry = list[at] ?? ''
    const redacted = argument(entry, list[at - 1], used)
    if (redacted !== entry) (safe ??= [...list])[at] = redacted
  }
  return safe ?? list

  function argument(entry: string, before: string | undefined, of: readonly Tool[]): string {
    if (before !== undefined && before.startsWith('-') && !before.includes('=')) {
      if (isFlagOfSecret(before) && !/^-(?:-|\w$)/.test(entry))
        return isSecretValue(entry, 'certain') ? mask(entry) : entry
      for (const { flags, joined, afterColon } of of) {
        if (joined === true || !flags.includes(before)) continue
        const colon = afterColon === true ? entry.indexOf(':') + 1 : 0
        if ((afterColon !== true || colon > 0) && isSecretFlag(entry.slice(colon)))
          return entry.slice(0, colon) + mask(entry.slice(colon))
      }
    }
    const [, begin, value] = /^(--?[\w.-]+=)([\s\S]+)$/.exec(entry) ?? []
    if (begin !== undefined && value !== undefined && isFlagOfSecret(begin.slice(0, -1)))
      return isSecretValue(value, 'certain') ? begin + mask(value) : entry
    for (const { flags, afterColon } of of) {
      const flag = flags.find((candidate) => candidate.length === 2 && entry.startsWith(candidate) && entry.length > 2)
      if (flag === undefined) continue
      const colon = afterColon === true ? entry.indexOf(':') + 1 : 2
      if (colon > 1 && isSecretFlag(entry.slice(colon))) return entry.slice(0, colon) + mask(entry.slice(colon))
    }
    // `-pS3cret` is no flag name, unlike `-path` and `-p8080`.
    if (/^-p(?!\d+$)(?![a-z]+(?:[-_][a-z]+)*$)[^=/\s]{4,}$/.test(entry)) return `-p${mask(entry.slice(2))}`
    return text(entry)
  }

  function isFlagOfSecret(flag: string): boolean {
    const suspected = suspicion(flag.replace(/^-+/, ''))
    return (
      suspected === 'certain' ||
      suspected === 'password' ||
      suspected === 'reference' ||
      (suspected === 'likely' && flag.startsWith('--'))
    )
  }
}
