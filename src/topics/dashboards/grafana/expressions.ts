/** Expressions with variables of Grafana, as far as Weir's parsers accept them. */
import { messageOf } from '../../../model/errors.ts'
import { parseLogql } from '../../../query/logql/index.ts'
import { parsePromql } from '../../../query/promql/index.ts'

const variable = String.raw`\$(?:\{\w+(?::\w+)?\}|\w+)|\[\[\w+(?::\w+)?\]\]`
const duration = new RegExp(String.raw`(\[|:\s*|\boffset\s+|,\s*(?=[^,]*\]))(?:${variable})`, 'g')
const everywhere = new RegExp(variable, 'g')

/** Why the expression is not accepted; undefined: it is. Names stand for variables, or numbers where names fail. */
export function problemOf(expr: string, language: 'promql' | 'logql'): string | undefined {
  const parse = language === 'promql' ? parsePromql : parseLogql
  const timed = expr.replaceAll(duration, '$15m')
  let problem: string | undefined
  for (const value of ['x', '1', '5m', ''])
    try {
      parse(timed.replaceAll(everywhere, value))
      return undefined
    } catch (error) {
      problem ??= messageOf(error)
    }
  return problem
}

/** Lines of LogQL; false: it counts them. */
export function isLines(expr: string): boolean {
  return /^\s*\{/.test(expr)
}
