import { ROOT, runCommand } from '../kit/command.ts'
import { isMain } from '../kit/main.ts'
import { runCheckAlone, TYPESCRIPT, type Problem } from '../kit/sources.ts'

/** Older commits predate the rules. */
const BASE = '9a3ee8f665f259dd641af9881cc8340a4c2dccfe'

/** Published without a body, so that its text cannot change. */
const PUBLISHED = new Set(['a11b0a339864aac725d582871ab2ba5822adfe88'])

const LONGEST_SUBJECT = 72
const LINES_WITHOUT_BODY = 50
const NOT_IMPERATIVE =
  /^(?:an?|the|that|these|what|when|where|which|while|who(?:se)?|why|how|if|one|two|three|some|all|more|no|not|now|also|only|it|we|there|in|on|for|with|from|after|before|new|wip|.+[:!]|.+ing|.+ed|.*[^s]s)$/i
const IMPERATIVE = /^(?:alias|bias|focus|bring|ping|ring|string|embed|exceed|feed|need|proceed|seed|shed|speed)$/i

type Commit = Readonly<{
  id: string
  subject: string
  body: string
  lines: number
}>

/** Empty if the history lacks BASE. */
export async function commitSubjects(root: string): Promise<Problem[]> {
  const commits = await commitsSince(root, BASE)
  if (commits !== undefined) return commits.flatMap(judge)
  console.log(`        commits are not checked: no history with ${BASE.slice(0, 10)} here`)
  return []
}

export function judge({ id, subject, body, lines }: Commit): Problem[] {
  const first = subject.split(' ', 1)[0] ?? ''
  const complaints: string[] = []
  if (subject.length > LONGEST_SUBJECT)
    complaints.push(`the subject has ${subject.length} characters; at most ${LONGEST_SUBJECT}`)
  if (subject.endsWith('.')) complaints.push('the subject ends with a period')
  if (!/^[A-Z]/.test(subject) || (NOT_IMPERATIVE.test(first) && !IMPERATIVE.test(first)))
    complaints.push(`"${first}" does not start an imperative; write "Add …", "Remove …", "Report …"`)
  if (lines > LINES_WITHOUT_BODY && body.trim() === '' && !PUBLISHED.has(id))
    complaints.push(`${lines} lines of TypeScript changed; state the reason in a body`)
  return complaints.map((complaint) => ({ file: `commit ${id.slice(0, 10)}`, message: `${complaint} (${subject})` }))
}

/** Without merges; undefined without Git or `base`. */
export async function commitsSince(root: string, base: string): Promise<Commit[] | undefined> {
  const git = (...args: string[]) => runCommand('git', ['-C', root, ...args], { limit: 60_000 })
  const top = await git('rev-parse', '--show-prefix')
  // A folder inside another checkout has no separate history.
  if (top.code !== 0 || top.stdout.trim() !== '') return undefined
  if ((await git('merge-base', '--is-ancestor', base, 'HEAD')).code !== 0) return undefined
  const log = await git('log', '--no-merges', '--numstat', '--format=%x1e%H%x1f%s%x1f%b%x1f', `${base}..HEAD`)
  if (log.code !== 0) throw new Error(`git log failed: ${log.output.slice(0, 2000)}`)
  return log.stdout
    .split('\x1e')
    .slice(1)
    .map((entry) => {
      const [id = '', subject = '', body = '', numbers = ''] = entry.split('\x1f')
      return { id, subject, body, lines: linesOf(numbers) }
    })
}

function linesOf(numbers: string): number {
  let lines = 0
  for (const line of numbers.split('\n')) {
    const [added, removed, path = ''] = line.split('\t')
    if (TYPESCRIPT.test(path) && !path.includes('/generated/')) lines += Number(added) + Number(removed)
  }
  return lines
}

if (isMain(import.meta.url)) {
  process.argv[2] ??= ROOT
  await runCheckAlone(commitSubjects, 'commits')
}
