// Counts wordings that projects of this field hardly use. `--lines PATH…` lists them with the field's terms.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../kit/command.ts'
import { isMain } from '../kit/main.ts'
import type { Problem } from '../kit/sources.ts'
import { textFiles, type TextFile } from '../kit/text-files.ts'
import rules from './plain-words.json' with { type: 'json' }

/** Platformatic/kafka has 0.2, Redpanda Connect 0.3 and Akvorado 2.2 wordings per 1,000 words. */
const LIMITS = { perThousand: 0.5, nameUses: 0, exceptions: 10 }

const GLOSSARY = 'docs/glossary.md'

const wordings = rules.wordings.map(({ pattern, instead }) => ({ pattern: new RegExp(pattern, 'gi'), instead }))
const anyWording = new RegExp(rules.wordings.map(({ pattern }) => `(?:${pattern})`).join('|'), 'i')
const listedNames = new Set(rules.names)

/** The same names occur many times. */
const judgedNames = new Map<string, boolean>()

function isListed(name: string): boolean {
  const judgedName = judgedNames.get(name)
  if (judgedName !== undefined) return judgedName
  const listed = name.split(/(?=[A-Z])/).some((part) => listedNames.has(part.toLowerCase()))
  judgedNames.set(name, listed)
  return listed
}

type Finding = Readonly<{
  file: string
  line: number
  text: string
  instead: string
}>

type Wording = Readonly<{
  words: number
  findings: readonly Finding[]
  names: ReadonlyMap<string, number>
}>

export async function plainWords(root: string): Promise<Problem[]> {
  const { files, exceptions } = await filesOf(root)
  const { words, findings, names } = wordingOf(files, exceptions)
  const problems: Problem[] = []
  const rate = perThousand(words, findings.length)
  if (rate > LIMITS.perThousand && words > 10_000) {
    const worst = mostOf(
      countBy(findings, ({ file }) => file),
      5,
    ).map(([file, n]) => `${file} ${n}`)
    problems.push({
      file: 'tools/checks/plain-words.ts',
      message:
        `${rate.toFixed(2)} unusual wordings per 1,000 words; at most ${LIMITS.perThousand}. Most: ` +
        `${worst.join(', ')}. \`npm run ts -- tools/checks/plain-words.ts --lines PATH\` lists them`,
    })
  }
  const uses = sum(names.values())
  if (uses > LIMITS.nameUses) {
    const most = mostOf(names, 5).map(([name, n]) => `${name} ${n}`)
    problems.push({
      file: 'tools/checks/plain-words.ts',
      message: `${uses} uses of listed names; at most ${LIMITS.nameUses}. Most: ${most.join(', ')}`,
    })
  }
  if (exceptions.length > LIMITS.exceptions)
    problems.push({ file: GLOSSARY, message: `${exceptions.length} exceptions; at most ${LIMITS.exceptions}` })
  return problems
}

export function wordingOf(files: readonly TextFile[], exceptions: readonly string[] = []): Wording {
  let words = 0
  const findings: Finding[] = []
  const names = new Map<string, number>()
  for (const { path, text } of files) {
    const prose = path.endsWith('.md') ? proseOfDocument : proseOfCode
    for (const { line, text: prosePart } of prose(text)) {
      words += prosePart.split(/\s+/).filter((word) => word !== '').length
      const judged = exceptions.reduce((rest, exception) => rest.replaceAll(exception, ''), prosePart)
      if (anyWording.test(judged))
        for (const { pattern, instead } of wordings)
          for (const _ of judged.matchAll(pattern)) findings.push({ file: path, line, text: prosePart.trim(), instead })
    }
    if (path.endsWith('.md')) continue
    for (const [name] of text.matchAll(/[A-Za-z][A-Za-z0-9]*/g))
      if (isListed(name) && !exceptions.includes(name)) names.set(name, (names.get(name) ?? 0) + 1)
  }
  return { words, findings, names }
}

type Prose = Readonly<{
  line: number
  text: string
}>

function* proseOfDocument(text: string): Generator<Prose> {
  let inBlock = false
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('```')) inBlock = !inBlock
    if (!inBlock) yield { line: index + 1, text: line }
  }
}

const COMMENT_START = /^\s*(?:\/\/|\/\*\*?|\*\/?)/
const QUOTED = /'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`/g

function* proseOfCode(text: string): Generator<Prose> {
  let inComment = false
  for (const [index, line] of text.split('\n').entries()) {
    const captured: string =
      inComment || COMMENT_START.test(line)
        ? line.replace(COMMENT_START, '')
        : [
            ...Array.from(line.matchAll(QUOTED), ([, single, double, back]) => single ?? double ?? back ?? '').filter(
              (quoted) => quoted.split(/\s+/).length > 3,
            ),
            /\s\/\/\s(.*)$/.exec(line)?.[1] ?? '',
          ].join(' ')
    inComment = (inComment || line.includes('/*')) && !line.includes('*/')
    if (captured.trim() !== '') yield { line: index + 1, text: captured }
  }
}

export function exceptionsIn(glossary: string): string[] {
  const section = /^## Exceptions$(.*?)(?=^## |$(?![\s\S]))/ms.exec(glossary)?.[1] ?? ''
  return Array.from(section.matchAll(/^\| *`([^`]+)` *\|/gm), ([, wording = '']) => wording)
}

async function filesOf(root: string): Promise<{ files: TextFile[]; exceptions: string[] }> {
  const glossary = await readFile(join(root, GLOSSARY), 'utf8').catch(() => '')
  return { files: await textFiles(root, /\.(?:ts|tsx|md)$/), exceptions: exceptionsIn(glossary) }
}

const perThousand = (words: number, findings: number) => (1000 * findings) / Math.max(1, words)
const sum = (numbers: Iterable<number>) => Array.from(numbers).reduce((total, number) => total + number, 0)
const mostOf = (counts: ReadonlyMap<string, number>, limit: number) =>
  [...counts].toSorted((a, b) => b[1] - a[1]).slice(0, limit)

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1)
  return counts
}

async function print(what: 'lines' | 'counts', paths: readonly string[]) {
  const { files, exceptions } = await filesOf(ROOT)
  const below = files.filter(
    ({ path }) =>
      paths.length === 0 || paths.some((candidate) => `${path}/`.startsWith(`${candidate.replace(/\/$/, '')}/`)),
  )
  const { words, findings, names } = wordingOf(below, exceptions)
  if (what === 'lines') {
    for (const { file, line, text, instead } of findings) console.log(`${file}:${line}: ${text}\n    → ${instead}`)
  } else {
    for (const [file, n] of mostOf(
      countBy(findings, ({ file }) => file),
      20,
    ))
      console.log(`${n}\t${file}`)
    for (const [name, n] of mostOf(names, 40)) console.log(`${n}\t${name}`)
  }
  console.log(
    `${words} words, ${findings.length} wordings, ${perThousand(words, findings.length).toFixed(2)} per ` +
      `1,000; ${sum(names.values())} uses of ${names.size} listed names`,
  )
}

if (isMain(import.meta.url)) {
  const [first, ...rest] = process.argv.slice(2)
  await print(first === '--lines' ? 'lines' : 'counts', first === '--lines' ? rest : process.argv.slice(2))
}
