import { isMap, isScalar } from 'yaml'
import type { Host } from '../host/index.ts'
import { self } from '../host/process.ts'
import { messageOf, WeirError } from '../model/errors.ts'
import {
  filesOf,
  formatProblems,
  mergeDocuments,
  parseYaml,
  type ConfigDocument,
  type Problem,
} from '../schema/index.ts'

const encodingHint = (file: string) => `save it as UTF-8, for example with \`iconv -f UTF-16 -t UTF-8 ${file}\``
const binaryHint = 'name a YAML file'
// YAML 1.2 allows tab, line feed and carriage return only.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

const yamlFile = /^[^.].*\.ya?ml$/

/** Later files override earlier ones. Throws WEIR_CONFIG_INVALID unless each file is one UTF-8 map of settings. */
export async function readDocument(host: Host, paths: readonly string[]): Promise<ConfigDocument> {
  const files = (await Promise.all(paths.map((path) => filesAt(host, path)))).flat()
  const [first, ...rest] = await Promise.all(files.map((file) => readFile(host, file)))
  return first === undefined ? parseYaml('', 'weir.yaml') : mergeDocuments([first, ...rest])
}

/** As a path. A second read, as by a reload, has the same text. */
const standardInput = '-'
let read: Promise<string> | undefined

async function filesAt({ disk }: Host, path: string): Promise<readonly string[]> {
  if (path === standardInput) return [path]
  const names = await disk.list(path).catch(() => undefined)
  if (names === undefined || names.length === 0) return [path]
  const files = names.filter((name) => yamlFile.test(name)).toSorted()
  if (files.length === 0)
    throw new WeirError('WEIR_CONFIG_INVALID', `the folder ${path} holds no file *.yaml or *.yml`, {
      advice: 'Name another folder or a file.',
    })
  return files.map((name) => `${path.replace(/\/+$/, '')}/${name}`)
}

async function readFile(host: Host, file: string): Promise<ConfigDocument> {
  const document = parseYaml(decode(await readBytes(host, file), file), file)
  if (!document.readable) return document
  const kind = rootKind(document)
  if (kind === undefined) return document
  const problem = {
    file,
    line: 1,
    column: 1,
    path: '',
    message: `the file holds ${kind}`,
    hint: 'a configuration is a map of settings, such as `listen: 127.0.0.1:8080`',
  }
  throw new WeirError('WEIR_CONFIG_INVALID', formatProblems([problem], document.text))
}

export function emptyFiles(document: ConfigDocument): readonly string[] {
  return filesOf(document)
    .filter(isEmpty)
    .map(({ file }) => file)
}

function isEmpty({ nodes }: ConfigDocument) {
  const { contents } = nodes.document
  return contents === null || (isScalar(contents) && contents.value === null)
}

function rootKind(document: ConfigDocument): string | undefined {
  if (isEmpty(document) || isMap(document.nodes.document.contents)) return undefined
  if (Array.isArray(document.value)) return 'a list'
  return typeof document.value === 'string' ? 'a text' : `a ${typeof document.value}`
}

async function readBytes(host: Host, file: string): Promise<Uint8Array> {
  if (file === standardInput) return new TextEncoder().encode(await (read ??= self.readStdin()))
  try {
    return await host.disk.readFile(file)
  } catch (cause) {
    const advice = 'Check the path and its permissions.'
    throw new WeirError('WEIR_CONFIG_INVALID', `cannot read ${file}: ${messageOf(cause)}`, { cause, advice })
  }
}

function decode(bytes: Uint8Array, file: string): string {
  const refuse = (message: string, hint: string) => {
    const problem: Problem = { file, line: 0, column: 0, path: '', message, hint }
    throw new WeirError('WEIR_CONFIG_INVALID', formatProblems([problem], ''))
  }
  if (isUtf16(bytes)) refuse('the file is UTF-16; Weir reads UTF-8', encodingHint(file))
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return refuse(`the file is not UTF-8 text: invalid byte at offset ${firstInvalid(bytes)}`, binaryHint)
  }
  const control = CONTROL.exec(text)
  if (control === null) return text
  const before = text.slice(0, control.index).split('\n')
  const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  return refuse(
    `the file is not text: line ${before.length}, column ${(before.at(-1) ?? '').length + 1} holds the ` +
      `control character U+${code}`,
    binaryHint,
  )
}

function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true
  const head = bytes.subarray(0, 64)
  const zeros = (remainder: number) => head.every((byte, index) => (byte === 0) === (index % 2 === remainder))
  return head.length >= 2 && head.length % 2 === 0 && (zeros(0) || zeros(1))
}

/** The decoder accepts a truncated sequence at the end of a stream. */
function firstInvalid(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (const index of bytes.keys()) {
    try {
      decoder.decode(bytes.subarray(index, index + 1), { stream: true })
    } catch {
      return index
    }
  }
  return bytes.length
}
