using Mags.Server.Commands;
using Mags.Server.Hosting;

return await ServerCommand.InvokeAsync(args, ServerEnvironment.Read());
