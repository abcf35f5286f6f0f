import { describe, expect, it } from 'vitest'
import { checkStatement } from './statement.ts'

describe('a statement for ClickHouse', () => {
  it.each([
    'SELECT 1',
    '  (SELECT 1)',
    '-- why\nWITH x AS (SELECT 1) SELECT * FROM x;',
    "SELECT 'a; FORMAT TSV' AS text -- FORMAT TSV",
    'SELECT format FROM flows',
    'SHOW TABLES',
  ])('that reads is sent: %s', (sql) => {
    expect(checkStatement(sql)).not.toMatch(/;\s*$/)
  })

  it.each([
    ['', 'empty'],
    ['/* SELECT */ DROP TABLE x', 'Only queries'],
    ['INSERT INTO x SELECT 1', 'Only queries'],
    ['SELECT 1; DROP TABLE x', 'Only one'],
    ['SELECT 1 FORMAT TSV', 'FORMAT'],
    ['SELECT 1 format TSV SETTINGS readonly = 0', 'FORMAT'],
  ])('is refused: %s', (sql, reason) => {
    expect(() => checkStatement(sql)).toThrow(reason)
  })
})
