/** Templates of lines, as Drain finds them (He et al. 2017): the parts in which alike lines differ are `<_>`. */
import type { Processed } from './pipeline.ts'

export type LinePattern = Readonly<{
  pattern: string
  level: string
  /** Unix seconds of the start of a step, and the lines in it. In order of time. */
  samples: readonly (readonly [time: number, lines: number])[]
}>

type Template = { tokens: readonly string[]; lines: number; samples: Map<number, number> }

const variable = '<_>'
/** Share of the tokens that lines of one template have in common. */
const leastAlike = 0.5
/** Further tokens are one variable part. */
const maxTokens = 100
const maxChars = 3000
/** Templates of one level. Lines of additional templates join the most similar one, or the template of all lines. */
const maxTemplates = 300
const maxTemplatesOfLength = 50

/** Bounded by {@link maxTemplates} for each of the few levels. */
export class LinePatterns {
  readonly #stepMs: number
  readonly #levels = new Map<string, Templates>()

  constructor(stepMs: number) {
    this.#stepMs = stepMs
  }

  add({ line, entry, labels }: Processed): void {
    const level = labels.get('detected_level') ?? 'unknown'
    const templates = this.#levels.get(level) ?? new Templates()
    this.#levels.set(level, templates)
    const template = templates.of(line)
    const ms = Number(entry.time / 1_000_000n)
    const step = Math.floor(ms / this.#stepMs) * this.#stepMs
    template.lines += 1
    template.samples.set(step, (template.samples.get(step) ?? 0) + 1)
  }

  /** Those of most lines first. */
  get found(): readonly LinePattern[] {
    return [...this.#levels]
      .flatMap(([level, { all }]) => all.map((template) => ({ level, template })))
      .toSorted((a, b) => b.template.lines - a.template.lines)
      .map(({ level, template: { tokens, samples } }) => ({
        pattern: tokens.join('').replaceAll(/(?:<_>){2,}/g, variable),
        level,
        samples: [...samples].toSorted(([a], [b]) => a - b).map(([ms, lines]) => [ms / 1000, lines]),
      }))
  }
}

class Templates {
  readonly #byLength = new Map<number, Template[]>()
  #rest: Template | undefined
  #count = 0

  get all(): readonly Template[] {
    return [...this.#byLength.values()].flat().concat(this.#rest ?? [])
  }

  of(line: string): Template {
    const tokens = tokensOf(line)
    const alike = this.#byLength.get(tokens.length) ?? []
    const best = mostAlike(alike, tokens)
    const isFull = this.#count >= maxTemplates || alike.length >= maxTemplatesOfLength
    if (best !== undefined && (best.share >= leastAlike || isFull)) {
      best.template.tokens = best.template.tokens.map((token, at) => (token === tokens[at] ? token : variable))
      return best.template
    }
    if (isFull) return (this.#rest ??= templateOf([variable]))
    const made = templateOf(tokens)
    this.#byLength.set(tokens.length, [...alike, made])
    this.#count += 1
    return made
  }
}

const templateOf = (tokens: readonly string[]): Template => ({ tokens, lines: 0, samples: new Map() })

/** Words, space, and signs between them. */
function tokensOf(line: string): string[] {
  const tokens: string[] = []
  let at = 0
  for (const [token] of line.slice(0, maxChars).matchAll(/\s+|[=:,;|"'()[\]{}<>]|[^\s=:,;|"'()[\]{}<>]+/g)) {
    if (tokens.length === maxTokens) break
    tokens.push(token)
    at += token.length
  }
  return at < line.length ? [...tokens, variable] : tokens
}

function mostAlike(templates: readonly Template[], tokens: readonly string[]) {
  let best: { template: Template; share: number } | undefined
  for (const template of templates) {
    const share = alikeShare(template.tokens, tokens)
    if (best === undefined || share > best.share) best = { template, share }
  }
  return best
}

/** Space is equal in most lines, so it is not counted. */
function alikeShare(a: readonly string[], b: readonly string[]): number {
  let [equal, words] = [0, 0]
  for (let at = 0; at < b.length; at++) {
    if (/^\s/.test(b[at]!)) continue
    words += 1
    if (a[at] === b[at]) equal += 1
  }
  return words === 0 ? 1 : equal / words
}
