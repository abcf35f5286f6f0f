import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import type { Host } from '../host/index.ts'
import { self } from '../host/process.ts'
import { WeirError } from '../model/errors.ts'
import {
  formatPath,
  formatProblems,
  Secret,
  type ConfigDocument,
  type FieldInfo,
  type Problem,
} from '../schema/index.ts'
import { walkWritten } from '../schema/descend.ts'
import { locate } from '../schema/document.ts'
import type { Path } from '../schema/problem.ts'
import { weirSchema, type WeirConfig } from './config.ts'
import { rolesOf } from './config-shared.ts'
import { ConfigError, textsOf, type Loaded } from './load-config.ts'

const shortToken = 16

type Found = Readonly<{
  path: Path
  message: string
  hint: string
  secret?: true
}>

type Reference = Readonly<{
  info: FieldInfo
  written: string
  path: Path
}>

/** Returns warnings, one per line. Throws WEIR_CONFIG_INVALID with every problem and its location. */
export async function verifyMachine(host: Host, { config, document }: Loaded): Promise<string> {
  const references = referencesOf(config, document.value)
  const secrets = revealed(references)
  const problems = [
    ...secrets.problems,
    ...(await fileProblems(host, references)),
    ...(await kubeconfigProblems(host, config)),
  ]
  return report(document, { problems, warnings: secrets.warnings })
}

/** Secrets in plain text, which need no machine. Returns warnings. Throws WEIR_CONFIG_INVALID. */
export function verifyLiterals({ config, document }: Loaded): string {
  const literal = ({ info, written }: Reference) => info.kind === 'secret' && !/^(?:env|file):/.test(written)
  return report(document, revealed(referencesOf(config, document.value).filter(literal)))
}

/** Returns warnings, one per line. Throws WEIR_CONFIG_INVALID for a problem. */
function report(document: ConfigDocument, { problems, warnings }: ReturnType<typeof revealed>): string {
  const problemsOf = (toProblems: readonly Found[]) =>
    toProblems.map(({ path, ...problem }): Problem => ({
      ...locate(document, path, 'value'),
      path: formatPath(path),
      ...problem,
    }))
  if (problems.length > 0) throw new ConfigError(problemsOf(problems), textsOf(document))
  return warnings.length === 0 ? '' : `${formatProblems(problemsOf(warnings), textsOf(document), 'warning')}\n`
}

function referencesOf(config: WeirConfig, written: unknown): Reference[] {
  const roles = rolesOf(config)
  const unused = new Set<unknown>([
    ...(roles.has('collector') ? [] : ['sources']),
    ...(roles.has('deliverer') ? [] : ['sinks', 'transforms']),
  ])
  const references: Reference[] = []
  walkWritten(weirSchema.info, written, (info, value, path) => {
    if (typeof value !== 'string' || (info.kind !== 'secret' && info.holds === undefined)) return
    // Every role reveals a source's secrets.
    if (!unused.has(path[0]) || (path[0] === 'sources' && info.kind === 'secret'))
      references.push({ info, written: value, path })
  })
  return references
}

function revealed(
  references: readonly Reference[],
): Readonly<{ problems: readonly Found[]; warnings: readonly Found[] }> {
  const [problems, warnings]: [Found[], Found[]] = [[], []]
  const names = new Map<string, string>()
  const secret = true as const
  for (const { info, written, path } of references) {
    if (info.kind !== 'secret') continue
    const reference = Secret.parse(written)
    if (!(reference instanceof Secret)) continue
    let value: string
    try {
      value = reference.reveal(self.env, (file) => self.readTextFile(file))
    } catch (error) {
      if (!(error instanceof WeirError)) throw error
      problems.push({
        path,
        secret,
        message: error.message,
        hint: 'set the variable or write the file, or change the reference',
      })
      continue
    }
    const { least } = info
    if (least === undefined) continue
    const hint = `choose at least ${shortToken} random characters, for example with \`openssl rand -hex 16\``
    if (value.length < least)
      problems.push({
        path,
        secret,
        message: `the token has ${value.length} characters; at least ${least} are needed`,
        hint,
      })
    else if (value.length < shortToken)
      warnings.push({
        path,
        secret,
        message: `the token has only ${value.length} characters and could be guessed`,
        hint,
      })
    if (path[0] !== 'auth') continue
    const owner = names.get(value)
    if (owner !== undefined)
      problems.push({
        path,
        secret,
        message: `this is the same token as \`${owner}\` in \`auth.tokens\``,
        hint: 'use a different token for each name: the token identifies the client',
      })
    else names.set(value, formatPath(path))
  }
  return { problems, warnings }
}

async function fileProblems(host: Host, references: readonly Reference[]): Promise<Found[]> {
  const listed: Found[] = []
  const pairs = new Map<string, { certificate?: X509Certificate; key?: Readonly<{ path: Path; object: KeyObject }> }>()
  for (const {
    info: { holds },
    written,
    path,
  } of references) {
    if (holds === undefined) continue
    const bytes = await readInput(host, written)
    if (typeof bytes === 'string') {
      listed.push({ path, message: bytes, hint: 'correct the path, or write the file' })
      continue
    }
    if (holds === 'anything') continue
    const pair = pairs.get(formatPath(path.slice(0, -1))) ?? {}
    pairs.set(formatPath(path.slice(0, -1)), pair)
    if (holds === 'certificate') {
      const certificate = attempt(() => new X509Certificate(bytes))
      if (certificate === undefined)
        listed.push({
          path,
          message: `the file ${written} holds no certificate`,
          hint: 'name a PEM file that begins with `-----BEGIN CERTIFICATE-----`',
        })
      else if (path.at(-1) === 'cert_file') pair.certificate = certificate
    } else {
      const object = attempt(() => createPrivateKey(Buffer.from(bytes)))
      if (object === undefined)
        listed.push({
          path,
          message: `the file ${written} holds no private key without a passphrase`,
          hint: 'name a PEM file that begins with `-----BEGIN PRIVATE KEY-----`',
        })
      else pair.key = { path, object }
    }
  }
  for (const { certificate, key } of pairs.values()) {
    if (certificate === undefined || key === undefined || certificate.checkPrivateKey(key.object)) continue
    listed.push({
      path: key.path,
      message: 'the file is not the key of the certificate in `cert_file`',
      hint: 'name the key that the certificate was made for',
    })
  }
  return listed
}

async function kubeconfigProblems(host: Host, config: WeirConfig): Promise<Found[]> {
  if (!rolesOf(config).has('collector')) return []
  const users = Object.values(config.sources).flatMap(({ id, settings: given }): Path[] => {
    const settings = given as Readonly<{ kubeconfig?: unknown; lease?: unknown }>
    if ('kubeconfig' in settings) return settings.kubeconfig === null ? [['sources', id]] : []
    const { lease } = settings
    return typeof lease === 'object' && lease !== null && 'kubeconfig' in lease && lease.kubeconfig === null
      ? [['sources', id, 'lease']]
      : []
  })
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST, HOME } = self.env
  if (users.length === 0) return []
  const named = (KUBECONFIG ?? '').split(':').filter((file) => file !== '')
  if (named.length === 0 && KUBERNETES_SERVICE_HOST !== undefined) return []
  const candidates = named.length > 0 ? named : [`${HOME ?? ''}/.kube/config`]
  const read = await Promise.all(candidates.map((file) => readInput(host, file)))
  if (read.some((content) => typeof content !== 'string')) return []
  const from = named.length > 0 ? 'the variable KUBECONFIG' : 'by default'
  return users.map((path) => ({
    path,
    message: `no kubeconfig: ${read.join('; ')} (${from})`,
    hint: 'set `kubeconfig`, or run inside the cluster',
  }))
}

async function readInput(host: Host, file: string): Promise<Uint8Array | string> {
  try {
    return await host.disk.readFile(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return `there is no file ${file}`
    if (code === 'EISDIR') return `${file} is a folder`
    return code === 'EACCES' || code === 'EPERM'
      ? `Weir may not read the file ${file}`
      : `the file ${file} can't be read: ${code}`
  }
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
