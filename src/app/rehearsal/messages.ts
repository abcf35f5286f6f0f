/** Messages of two configurations, compared and shown. */
import type { Preview } from '../../engine/contracts.ts'
import { isRecord, parsedJson } from '../../model/json.ts'
import type { Difference, Example, Message } from './report.ts'

const maxBody = 400
const maxText = 120
const maxFields = 8

/** Undefined: equal. */
export function differenceOf(running: Preview, candidate: Preview): Difference | undefined {
  if ('problem' in running) return 'problem' in candidate ? undefined : 'accepted'
  if ('problem' in candidate) return 'refused'
  if (running.to !== candidate.to) return 'moved'
  const same = Buffer.compare(running.body, candidate.body) === 0 && sameHeaders(running.headers, candidate.headers)
  return same ? undefined : 'changed'
}

type Headers = Readonly<Record<string, string>>

function sameHeaders(a: Headers = {}, b: Headers = {}): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

export function shown(preview: Preview): Message | Readonly<{ problem: string }> {
  if ('problem' in preview) return preview
  const { to = '', headers = {}, body } = preview
  return { to, headers, body: cut(textOf(body), maxBody) }
}

const strict = new TextDecoder('utf-8', { fatal: true })

function textOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    return Buffer.from(bytes).toString('base64')
  }
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`
}

/** Members of JSON bodies and headers with different values. */
export function fieldsOf(running: Preview, candidate: Preview): NonNullable<Example['fields']> {
  const [before, after] = [leavesOf(running), leavesOf(candidate)]
  if (before === undefined || after === undefined) return []
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name))
  return names.slice(0, maxFields).map((name) => {
    const [old, next] = [before.get(name), after.get(name)]
    return {
      name,
      ...(old === undefined ? {} : { running: cut(old, maxText) }),
      ...(next === undefined ? {} : { candidate: cut(next, maxText) }),
    }
  })
}

function leavesOf(preview: Preview): Map<string, string> | undefined {
  if ('problem' in preview) return undefined
  const leaves = new Map<string, string>()
  for (const [name, value] of Object.entries(preview.headers ?? {})) leaves.set(`header ${name}`, value)
  const text = textOf(preview.body)
  const body = parsedJson(text)
  if (body !== undefined) addLeaves(body, '', leaves)
  else for (const line of text.trimEnd().split('\n')) addLine(line, leaves)
  return leaves
}

/** A line of a metric has its value after the last space. */
function addLine(line: string, into: Map<string, string>) {
  const at = line.lastIndexOf(' ')
  const isMetric = at > 0 && Number.isFinite(Number(line.slice(at + 1)))
  if (isMetric) into.set(line.slice(0, at), line.slice(at + 1))
  else into.set('body', line)
}

function addLeaves(value: unknown, path: string, into: Map<string, string>) {
  if (!isRecord(value)) return void into.set(path === '' ? 'body' : path, JSON.stringify(value))
  for (const [name, member] of Object.entries(value)) addLeaves(member, path === '' ? name : `${path}.${name}`, into)
}
