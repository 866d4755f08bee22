/**
 * Programs around a network that read images and write logits, two bytes each, lowest first: from standard input to standard
 * output, and on a bare Cortex-M from one file to another through semihosting (a breakpoint that qemu answers).
 */

export const IMAGES_FILE = 'images.bin';
export const LOGITS_FILE = 'logits.bin';

/** `name`: prefix of the network's names. */
export const hostMain = (name: string): string => `\
#include <stdio.h>
#include "${name}.h"

static uint8_t pixels[${name.toUpperCase()}_PIXELS];
static int16_t logits[${name.toUpperCase()}_CLASSES];

int main(void)
{
  while (fread(pixels, 1, sizeof pixels, stdin) == sizeof pixels) {
    ${name}_infer(pixels, logits);
    for (int i = 0; i < ${name.toUpperCase()}_CLASSES; i++) {
      putchar(logits[i] & 255);
      putchar(logits[i] >> 8 & 255);
    }
  }
  return 0;
}
`;

/** Reset and the faults; SYS_OPEN, SYS_WRITE, SYS_READ and SYS_EXIT of Arm's semihosting. */
export const cortexMain = (name: string): string => `\
#include "${name}.h"

enum { OPEN = 0x01, WRITE = 0x05, READ = 0x06, EXIT = 0x18 };

static int32_t semihosting(int32_t operation, const void *arguments)
{
  register int32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static int32_t with(int32_t operation, int32_t a, const void *b, int32_t c)
{
  const uint32_t arguments[3] = {(uint32_t)a, (uint32_t)b, (uint32_t)c};
  return semihosting(operation, arguments);
}

static int32_t opened(const char *path, int32_t mode, int32_t length)
{
  return with(OPEN, (int32_t)path, (const void *)mode, length);
}

static void stop(void)
{
  for (;;) semihosting(EXIT, (const void *)0x20026);
}

static void fault(void)
{
  for (;;) semihosting(EXIT, (const void *)0x20023);
}

static uint8_t pixels[${name.toUpperCase()}_PIXELS];
static int16_t logits[${name.toUpperCase()}_CLASSES];

static void reset(void)
{
  int32_t from = opened("${IMAGES_FILE}", 1, ${IMAGES_FILE.length});
  int32_t to = opened("${LOGITS_FILE}", 5, ${LOGITS_FILE.length});
  while (with(READ, from, pixels, sizeof pixels) == 0) {
    ${name}_infer(pixels, logits);
    with(WRITE, to, logits, sizeof logits);
  }
  stop();
}

extern uint32_t stack_top;

const void *const vectors[16] __attribute__((section(".vectors"), used)) = {
  &stack_top, reset, fault, fault, fault, fault, fault,
};
`;

/** Bytes of memory and constants that a program may have there, less than what is there. */
export const EMULATED_MEMORY = 3.5 * 2 ** 20;
export const EMULATED_CONSTANTS = 15 * 2 ** 20;

/** Of qemu's mps2-an386: 4 MiB for code, 4 MiB of memory, 16 MiB more, which hold the constants. */
export const LINKER_SCRIPT = `\
MEMORY
{
  code (rx) : ORIGIN = 0, LENGTH = 4M
  ram (rwx) : ORIGIN = 0x20000000, LENGTH = 4M
  more (rwx) : ORIGIN = 0x21000000, LENGTH = 16M
}
stack_top = ORIGIN(ram) + LENGTH(ram);
SECTIONS
{
  .text : { KEEP(*(.vectors)) *(.text*) } > code
  .rodata : { *(.rodata*) } > more
  .ARM.exidx : { *(.ARM.exidx*) } > more
  .data : { *(.data*) } > ram
  .bss : { *(.bss*) *(COMMON) } > ram
}
`;

export const QEMU_FLAGS: readonly string[] = [
  ...['-M', 'mps2-an386', '-nographic', '-monitor', 'none', '-serial', 'none'],
  ...['-semihosting-config', 'enable=on,target=native'],
];
