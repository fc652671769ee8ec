import type { Command } from 'commander';

import { wrongValue } from 'greenfiber/lowlevel';

import { ExitCode } from './exit-codes';

/** Adds `load completion`, which completes what is there now: commands and options are asked for, not listed again. */
export function addCompletionCommand(load: Command, exit: (code: number) => void): void {
  load
    .command('completion')
    .summary('write what a shell needs to complete options')
    .description(
      'Writes a script for a shell: source <(greenfiber load completion bash), or for fish: greenfiber load completion fish | source',
    )
    .argument('<shell>', 'bash, zsh or fish')
    .action((shell: string) => {
      const write = SHELLS[shell];
      if (write === undefined) throw wrongValue('shell', 'bash, zsh or fish', shell);
      process.stdout.write(write(load));
      exit(ExitCode.ok);
    });
}

const SHELLS: Readonly<Record<string, (load: Command) => string>> = {
  bash,
  zsh: (load) => `autoload -U +X bashcompinit && bashcompinit\n${bash(load)}`,
  fish,
};

/** Names of the options, each with its hyphens; help is always one. */
const flagsOf = (command: Command): string[] => [
  ...command.options.flatMap(({ short, long }) =>
    [short, long].filter((flag) => flag !== undefined),
  ),
  '-h',
  '--help',
];

function bash(load: Command): string {
  const names = load.commands.map((command) => command.name());
  const cases = [load, ...load.commands].map(
    (command) => `    ${command.name()}) words="${flagsOf(command).join(' ')}" ;;`,
  );
  return `_greenfiber_load() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command=load words word
  if [[ \${COMP_WORDS[0]##*/} == greenfiber && $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W load -- "$current"))
    return
  fi
  if [[ \${COMP_WORDS[0]##*/} == greenfiber && \${COMP_WORDS[1]} != load ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
    return
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
    ${names.join(' | ')}) command="$word" ;;
    esac
  done
  case "$command" in
${cases.join('\n')}
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  elif [[ $command == load ]]; then
    COMPREPLY=($(compgen -W "${names.join(' ')}" -- "$current") $(compgen -f -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _greenfiber_load greenfiber greenfiber-load
`;
}

const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;

function fish(load: Command): string {
  const names = load.commands.map((command) => command.name()).join(' ');
  const within = `__fish_seen_subcommand_from ${names}`;
  const of = (command: Command, condition: string): string[] =>
    command.options.flatMap(({ short, long, description }) => {
      const flags = [
        ...(short === undefined ? [] : ['-s', short.slice(1)]),
        ...(long === undefined ? [] : ['-l', long.slice(2)]),
      ].join(' ');
      return PROGRAMS.map(
        ([program, first]) =>
          `complete -c ${program} -n ${quoted(first + condition)} ${flags} -d ${quoted(description)}`,
      );
    });
  const commands = load.commands.flatMap((command) =>
    PROGRAMS.map(
      ([program, first]) =>
        `complete -c ${program} -n ${quoted(`${first}not ${within}`)} -a ${command.name()} -d ${quoted(command.summary())}`,
    ),
  );
  return `${[
    `complete -c greenfiber -n __fish_use_subcommand -a load -d ${quoted(load.summary())}`,
    ...commands,
    ...of(load, `not ${within}`),
    ...load.commands.flatMap((command) =>
      of(command, `__fish_seen_subcommand_from ${command.name()}`),
    ),
  ].join('\n')}\n`;
}

/** With what has to hold before anything is completed. */
const PROGRAMS: readonly (readonly [program: string, condition: string])[] = [
  ['greenfiber', '__fish_seen_subcommand_from load; and '],
  ['greenfiber-load', ''],
];
