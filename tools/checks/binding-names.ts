// Variables and parameters have names of their content. `--lines PATH…` lists the others.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Visitor } from 'oxc-parser'
import { ROOT } from '../kit/command.ts'
import { isMain } from '../kit/main.ts'
import { isTestFile, listFiles, parseSource, TYPESCRIPT, type Problem, type Source } from '../kit/sources.ts'
import { patternNames, type Node } from './global-names.ts'

/** Bindings per 1,000 lines; this only shrinks. Other projects have 0 to 1.3. */
export const BINDINGS_PER_THOUSAND = 1.5

const FOLDERS = ['src', 'console', 'clients', 'tools', 'release', 'sim']

const PRONOUNS = /\b(?:found|known|it|one|each|some|other|own|place)\b/
/** Every binding is at one of these positions, and few of the comments with such words. */
const BEFORE = String.raw`(?:\b(?:const|let|var|async)\s+|\bfunction\b[\s*]*|[[({,.:]\s*)`
const POSSIBLY_BOUND = new RegExp(BEFORE + PRONOUNS.source)
const isPronoun = (name: string): boolean => PRONOUNS.exec(name)?.[0] === name

type Binding = Readonly<{ file: string; line: number; name: string }>

type BindingCount = Readonly<{ lines: number; bindings: readonly Binding[] }>

export async function bindingNames(root: string): Promise<Problem[]> {
  const { lines, bindings } = await countBindings(root)
  const rate = ratePerThousand(lines, bindings.length)
  if (rate <= BINDINGS_PER_THOUSAND || lines < 1000) return []
  const message =
    `${rate.toFixed(2)} of 1,000 lines bind a name such as \`found\` or \`each\`; at most ${BINDINGS_PER_THOUSAND}. ` +
    '`npm run ts -- tools/checks/binding-names.ts --lines PATH` lists them'
  return [{ file: 'tools/checks/binding-names.ts', message }]
}

export const ratePerThousand = (lines: number, bindings: number): number =>
  Math.round((100_000 * bindings) / Math.max(1, lines)) / 100

export async function countBindings(root: string): Promise<BindingCount> {
  let lines = 0
  const bindings: Binding[] = []
  const paths = await Promise.all(FOLDERS.map((folder) => listFiles(root, folder, TYPESCRIPT)))
  for (const path of paths.flat()) {
    if (isTestFile(path) || path.includes('/generated/')) continue
    const text = await readFile(join(root, path), 'utf8')
    lines += text.split('\n').length - 1
    if (POSSIBLY_BOUND.test(text)) bindings.push(...pronounsIn(parseSource(path, text)))
  }
  return { lines, bindings }
}

export function pronounsIn(source: Source): readonly Binding[] {
  const bindings: Binding[] = []
  const add = (pattern: Node): void => {
    for (const name of patternNames(pattern))
      if (isPronoun(name)) bindings.push({ file: source.path, line: source.line(pattern?.start ?? 0), name })
  }
  const addFunction = (node: Readonly<{ id?: Node; params: readonly Node[] }>): void =>
    [node.id ?? null, ...node.params].forEach(add)
  new Visitor({
    VariableDeclarator: (node) => add(node.id),
    FunctionDeclaration: addFunction,
    FunctionExpression: addFunction,
    ArrowFunctionExpression: ({ params }) => addFunction({ params }),
    CatchClause: (node) => add(node.param),
  }).visit(source.tree.program)
  return bindings
}

if (isMain(import.meta.url)) {
  const paths = process.argv.slice(2).filter((argument) => argument !== '--lines')
  const { lines, bindings } = await countBindings(ROOT)
  for (const { file, line, name } of bindings)
    if (paths.length === 0 || paths.some((path) => file.startsWith(path))) console.log(`${file}:${line}: ${name}`)
  console.log(`${bindings.length} in ${lines} lines, ${ratePerThousand(lines, bindings.length)} per 1,000`)
}
