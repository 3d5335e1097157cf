import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { type ApiItem, ApiModel } from '@microsoft/api-extractor-model';

const root = process.cwd();

export interface PublicApi {
  /** Every declaration of the API as one text, for the difference between two versions. */
  readonly report: string;
  /** The same as a tree with the doc comments, by name; also what is not exported and only mentioned. */
  readonly items: ReadonlyMap<string, ApiItem>;
}

/** Reads the API out of the declarations in `dist/`. */
export function extractPublicApi(): PublicApi {
  const folder = mkdtempSync(join(tmpdir(), 'signal-otel-api-'));
  try {
    const modelFile = join(folder, 'model.api.json');
    const problems: string[] = [];
    const { succeeded } = Extractor.invoke(configuration(folder, modelFile), {
      localBuild: true,
      messageCallback: (message) => {
        message.handled = true;
        if (message.logLevel === ExtractorLogLevel.Error) problems.push(message.text);
      },
    });
    if (!succeeded) throw new Error(`The public API cannot be read out of dist/:\n${problems.join('\n')}`);
    const [entryPoint] = new ApiModel().loadPackage(modelFile).entryPoints;
    if (entryPoint === undefined) throw new Error('dist/index.d.ts exports nothing');
    return {
      report: readFileSync(join(folder, 'report.api.md'), 'utf8'),
      items: new Map(entryPoint.members.map((item) => [item.displayName, item])),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function configuration(folder: string, modelFile: string): ExtractorConfig {
  const includeForgottenExports = true;
  const none = { default: { logLevel: ExtractorLogLevel.None } };
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, 'dist/index.d.ts'),
      compiler: { tsconfigFilePath: join(root, 'tsconfig.build.json') },
      newlineKind: 'lf',
      apiReport: {
        enabled: true,
        reportFileName: 'report.api.md',
        reportFolder: folder,
        reportTempFolder: join(folder, 'temp'),
        includeForgottenExports,
      },
      docModel: { enabled: true, apiJsonFilePath: modelFile, includeForgottenExports },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: { extractorMessageReporting: none, tsdocMessageReporting: none },
    },
  });
}
