import { Visitor, type Node } from 'oxc-parser'
import { isMain } from './kit/main.ts'
import {
  isTestFile,
  listFiles,
  readSource,
  runCheckAlone,
  TYPESCRIPT,
  type Problem,
  type Source,
} from './kit/sources.ts'

const CATALOG = 'console/src/text/'
const LETTER = /\p{L}/u
const PROSE = /\p{L}[\p{L}’']* [\p{L}’']+,? \p{L}{2}/u
const CODE = /^[a-z-]*\(/
const ATTRIBUTES = new Set([
  'alt',
  'aria-description',
  'aria-label',
  'aria-placeholder',
  'aria-roledescription',
  'aria-valuetext',
  'caption',
  'hint',
  'label',
  'placeholder',
  'summary',
  'title',
  'what',
])
const PROPERTIES = new Set(['does', 'hint', 'label', 'title'])
const INVISIBLE_ATTRIBUTES = new Set(['className', 'id', 'href', 'style', 'aria-describedby', 'aria-controls'])

export async function consoleText(root: string): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const path of await listFiles(root, 'console/src', TYPESCRIPT)) {
    if (path.startsWith(CATALOG) || isTestFile(path)) continue
    problems.push(...literalTexts(await readSource(root, path)))
  }
  return problems
}

function literalTexts(source: Source): Problem[] {
  const found = new Map<number, string>()
  const hidden: Node[] = []
  const report = (node: Node, text: string) => {
    found.set(node.start, text.trim().replaceAll(/\s+/g, ' '))
  }
  new Visitor({
    JSXText: (node) => {
      if (LETTER.test(node.value)) report(node, node.value)
    },
    JSXElement: (node) => {
      for (const child of node.children) if (child.type === 'JSXExpressionContainer') shown(child.expression, report)
    },
    JSXFragment: (node) => {
      for (const child of node.children) if (child.type === 'JSXExpressionContainer') shown(child.expression, report)
    },
    JSXOpeningElement: (node) => {
      if (node.name.type === 'JSXIdentifier' && /^[A-Z]/.test(node.name.name))
        for (const attribute of node.attributes)
          if (attribute.type === 'JSXAttribute' && attribute.name.name === 'name' && attribute.value !== null)
            shown(attribute.value, report)
    },
    JSXAttribute: (node) => {
      const name = node.name.type === 'JSXIdentifier' ? node.name.name : ''
      if (INVISIBLE_ATTRIBUTES.has(name)) hidden.push(node)
      if (ATTRIBUTES.has(name) && node.value !== null)
        shown(node.value.type === 'JSXExpressionContainer' ? node.value.expression : node.value, report)
    },
    CallExpression: (node) => {
      const { callee } = node
      if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') return
      if (callee.object.name.endsWith('Text')) for (const argument of node.arguments) shown(argument, report)
    },
    Property: (node) => {
      if (node.key.type === 'Identifier' && PROPERTIES.has(node.key.name)) shown(node.value, report)
    },
    NewExpression: (node) => {
      if (node.callee.type === 'Identifier' && node.callee.name.endsWith('Error')) hidden.push(node)
    },
    TaggedTemplateExpression: (node) => {
      hidden.push(node)
    },
    Literal: (node) => {
      if (typeof node.value === 'string' && isProse(node.value)) report(node, node.value)
    },
    TemplateLiteral: (node) => {
      const text = textOf(node)
      if (isProse(text)) report(node, text)
    },
  }).visit(source.tree.program)
  return [...found]
    .filter(([at]) => !hidden.some(({ start, end }) => start <= at && at < end))
    .toSorted(([a], [b]) => a - b)
    .map(([at, text]) => ({
      file: source.path,
      line: source.line(at),
      message: `move the text "${text}" to ${CATALOG}`,
    }))
}

function isProse(text: string) {
  return PROSE.test(text) && !CODE.test(text)
}

function shown(node: Node, report: (node: Node, text: string) => void) {
  switch (node.type) {
    case 'Literal':
      if (typeof node.value === 'string' && LETTER.test(node.value)) report(node, node.value)
      break
    case 'TemplateLiteral':
      if (LETTER.test(textOf(node))) report(node, textOf(node))
      break
    case 'ParenthesizedExpression':
      shown(node.expression, report)
      break
    case 'ConditionalExpression':
      shown(node.consequent, report)
      shown(node.alternate, report)
      break
    case 'LogicalExpression':
      shown(node.left, report)
      shown(node.right, report)
      break
    default:
      break
  }
}

function textOf(node: Node & { type: 'TemplateLiteral' }) {
  return node.quasis.map((part) => part.value.cooked ?? '').join('…')
}

if (isMain(import.meta.url)) await runCheckAlone(consoleText, 'console text')
