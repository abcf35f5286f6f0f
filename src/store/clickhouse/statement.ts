import { WeirError } from '../../model/errors.ts'

const allowedStatements = 'Send one statement: SELECT, WITH, DESCRIBE, SHOW or EXPLAIN.'
const allowed = /^(?:select|with|describe|desc|show|explain|exists)\b/i

/**
 * Refuses early what the server would refuse, and a format in the statement. The server admits no writes: each query
 * is sent with `readonly`.
 */
export function checkStatement(sql: string): string {
  const bare = withoutComments(sql).trim().replace(/;\s*$/, '')
  if (bare === '') throw new WeirError('WEIR_SQL_REFUSED', `The statement is empty. ${allowedStatements}`)
  if (!allowed.test(bare.replace(/^[\s(]+/, '')))
    throw new WeirError('WEIR_SQL_REFUSED', `Only queries are allowed here. ${allowedStatements}`)
  if (/\b(?:into\s+outfile|format\s+\w+\s*(?:settings\b[^']*)?)$/i.test(maskTexts(bare)))
    throw new WeirError('WEIR_SQL_REFUSED', 'Remove FORMAT from the statement; the request names the format.')
  if (maskTexts(bare).includes(';'))
    throw new WeirError('WEIR_SQL_REFUSED', `Only one statement is allowed. ${allowedStatements}`)
  return bare
}

const tokens = /'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^])*"|`(?:[^`\\]|\\[^])*`|--[^\n]*|\/\*[^]*?\*\//g

function withoutComments(sql: string): string {
  return sql.replace(tokens, (token) => (token.startsWith('--') || token.startsWith('/*') ? ' ' : token))
}

function maskTexts(sql: string): string {
  return sql.replace(tokens, (token) => token[0]?.repeat(2) ?? '')
}
