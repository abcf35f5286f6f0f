import { Visitor, type Node } from 'oxc-parser'
import { isMain } from '../kit/main.ts'
import {
  isTestFile,
  listFiles,
  readSource,
  runCheckAlone,
  TYPESCRIPT,
  type Problem,
  type Source,
} from '../kit/sources.ts'

/** Texts of one page or part are beside it. */
const CATALOG = /^console\/src\/(?:text\/|(?:pages|parts)\/.*\/text\.ts$)/
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
  'columns',
  'hint',
  'label',
  'placeholder',
  'summary',
  'title',
  'what',
  'words',
])
const PROPERTIES = new Set(['does', 'hint', 'label', 'text', 'title'])
/** Calls that show their argument, and functions with a shown result. */
const SHOWS = /^(?:announce|set(?:Error|Message|Notice|Status))$/
const NAMES_TEXT = /(?:Hint|Label|Text|Title|Words)$/
const INVISIBLE_ATTRIBUTES = new Set(['className', 'id', 'href', 'style', 'aria-describedby', 'aria-controls'])

export async function consoleText(root: string): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const path of await listFiles(root, 'console/src', TYPESCRIPT)) {
    if (CATALOG.test(path) || isTestFile(path)) continue
    problems.push(...literalTexts(await readSource(root, path)))
  }
  return problems
}

function literalTexts(source: Source): Problem[] {
  const results = new Map<number, string>()
  const hidden: Node[] = []
  const report = (node: Node, text: string) => {
    results.set(node.start, text.trim().replaceAll(/\s+/g, ' '))
  }
  const reportWord = (node: Node, text: string) => {
    if (/\p{Ll}/u.test(text)) report(node, text)
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
        shownInside(node.value.type === 'JSXExpressionContainer' ? node.value.expression : node.value, report)
    },
    CallExpression: (node) => {
      const { callee } = node
      const isShown =
        callee.type === 'MemberExpression'
          ? callee.object.type === 'Identifier' && callee.object.name.endsWith('Text')
          : callee.type === 'Identifier' && SHOWS.test(callee.name)
      if (isShown) for (const argument of node.arguments) shown(argument, report)
    },
    FunctionDeclaration: (node) => {
      if (node.body !== null && NAMES_TEXT.test(node.id?.name ?? ''))
        for (const result of resultsOf(node.body)) shown(result, reportWord)
    },
    VariableDeclarator: ({ id, init }) => {
      if (id.type === 'Identifier' && NAMES_TEXT.test(id.name) && init?.type === 'ArrowFunctionExpression')
        for (const result of resultsOf(init.body)) shown(result, reportWord)
    },
    Property: (node) => {
      if (node.key.type !== 'Identifier') return
      if (PROPERTIES.has(node.key.name)) shown(node.value, report)
      if (node.key.name === 'cell' && node.value.type === 'ArrowFunctionExpression')
        for (const result of resultsOf(node.value.body)) shown(result, report)
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
  return [...results]
    .filter(([at]) => !hidden.some(({ start, end }) => start <= at && at < end))
    .toSorted(([a], [b]) => a - b)
    .map(([at, text]) => ({
      file: source.path,
      line: source.line(at),
      message: `move the text "${text}" to text.ts beside the page, or to console/src/text/`,
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

/** Texts, tables of texts, and columns: each is a title, or a pair of title and alignment. */
function shownInside(node: Node, report: (node: Node, text: string) => void) {
  if (node.type === 'ObjectExpression') {
    for (const property of node.properties) if (property.type === 'Property') shown(property.value, report)
  } else if (node.type === 'ArrayExpression') {
    for (const element of node.elements) {
      const title = element?.type === 'ArrayExpression' ? element.elements[0] : element
      if (title !== null && title !== undefined) shown(title, report)
    }
  } else shown(node, report)
}

function resultsOf(body: Node): Node[] {
  if (body.type !== 'BlockStatement') return [body]
  const results: Node[] = []
  const collect = (node: Node): void => {
    switch (node.type) {
      case 'BlockStatement':
        node.body.forEach(collect)
        break
      case 'IfStatement':
        collect(node.consequent)
        if (node.alternate !== null) collect(node.alternate)
        break
      case 'SwitchStatement':
        for (const { consequent } of node.cases) consequent.forEach(collect)
        break
      case 'ReturnStatement':
        if (node.argument !== null) results.push(node.argument)
        break
      default:
        break
    }
  }
  collect(body)
  return results
}

function textOf(node: Node & { type: 'TemplateLiteral' }) {
  return node.quasis.map((part) => part.value.cooked ?? '').join('…')
}

if (isMain(import.meta.url)) await runCheckAlone(consoleText, 'console text')
