import {readFileSync} from 'node:fs'
import ts from 'typescript'

/** A piece of text in a source file, with the line (from 1) that it starts on. */
export interface SourceText {
  line: number
  text: string
}

/** The English of a TypeScript file: comments, and string literals and templates of more than one word. */
export function sourceTexts(file: string): SourceText[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  const found = new Map<number, string>()
  const visit = (node: ts.Node): void => {
    for (const {pos, end} of commentsOf(node, source.text)) found.set(pos, plain(source.text.slice(pos, end)))
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      if (/\S\s+\S/.test(node.text)) found.set(node.getStart(source), node.text)
    }
    for (const child of node.getChildren(source)) visit(child)
  }
  visit(source)
  return [...found]
    .sort(([a], [b]) => a - b)
    .map(([place, text]) => ({line: source.getLineAndCharacterOfPosition(place).line + 1, text}))
}

function commentsOf(node: ts.Node, text: string): ts.CommentRange[] {
  return [
    ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
    ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
  ]
}

/** The words of a comment: without its marks, and without code in backticks, whose names are what they are. */
function plain(comment: string): string {
  return comment
    .replace(/^\/\*\*?|\*\/$|^\/\//g, '')
    .replace(/^[ \t]*\* ?/gm, '')
    .replace(/`[^`\n]*`/g, '``')
}
