import { RE2JS } from 're2js'
import { unique } from './binary.ts'
import { compileRegex } from './matchers.ts'
import { metricName } from './labels.ts'
import type { Sample, Vector } from './values.ts'

export type LabelReplace = Readonly<{ target: string; replacement: string; source: string; regex: RE2JS }>

export function labelReplaceOf(target: string, replacement: string, source: string, regex: string): LabelReplace {
  return { target, replacement, source, regex: compileRegex(regex, RE2JS.DOTALL) }
}

/** Not empty, and valid UTF-8: an escape such as `\xff` is a byte that is no character. */
export function isLabelName(text: string): boolean {
  return text !== '' && text.isWellFormed()
}

/** A name that a function sets stays in the result. */
export function withTarget(sample: Sample, target: string): Sample {
  return target === metricName ? { ...sample, dropsName: false } : sample
}

export function labelReplace(vector: Vector, { target, replacement, source, regex }: LabelReplace): Vector {
  return unique(
    vector.map((sample): Sample => {
      const matcher = regex.matcher(sample.labels.get(source))
      if (!matcher.matches()) return sample
      const text = replacement.replace(
        /\$(?:(\$)|(\w+)|\{(\w+)\})/g,
        (_, dollar: string | undefined, match, character) => {
          if (dollar !== undefined) return '$'
          const name = String(match ?? character)
          if (/^\d+$/.test(name)) return Number(name) <= matcher.groupCount() ? (matcher.group(Number(name)) ?? '') : ''
          return Object.hasOwn(regex.namedGroups(), name) ? (matcher.group(name) ?? '') : ''
        },
      )
      return { ...withTarget(sample, target), labels: sample.labels.with(target, text) }
    }),
  )
}
