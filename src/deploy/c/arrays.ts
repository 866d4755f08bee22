/** Numbers as C arrays, in lines of a width that people read. */

const WIDTH = 110;

/** `static const TYPE NAME[LENGTH] = { ... };` */
export function constArray(type: string, name: string, numbers: ArrayLike<number>): string {
  const lines: string[] = [];
  let line = ' ';
  for (let i = 0; i < numbers.length; i++) {
    const text = ` ${numbers[i]},`;
    if (line.length + text.length > WIDTH) {
      lines.push(line);
      line = ' ';
    }
    line += text;
  }
  lines.push(line);
  return `static const ${type} ${name}[${numbers.length}] = {\n${lines.join('\n')}\n};`;
}
