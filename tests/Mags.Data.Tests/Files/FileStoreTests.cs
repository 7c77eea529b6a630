using Mags.Data.Files;
using Mags.Data.Jobs;
using Mags.Data.Tests.Fixtures;

namespace Mags.Data.Tests.Files;

/// <summary>Which files there are, who may name them, and which of them go.</summary>
public sealed class FileStoreTests(PostgresServer postgres)
{
    private static CancellationToken RunToken => TestContext.Current.CancellationToken;

    [Theory, EachDatabase]
    public async Task AddAsync_AFile_IsFoundAsItWas(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var file = await AddAsync(database, await database.AddUserAsync());

        var found = Assert.Single(await database.Files.FindAsync([Guid.NewGuid(), file.Id], RunToken));

        Assert.Equivalent(file, found, strict: true);
    }

    [Theory, EachDatabase]
    public async Task AddJob_NamingFiles_NotesThatTheyAreUsed(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var (first, second) = (await AddAsync(database, ada), await AddAsync(database, ada));

        var (refusal, job) = await AddJobAsync(database, ada, second.Id, first.Id, second.Id);

        Assert.Null(refusal);
        var input = await database.Jobs.GetInputAsync(job.Id, RunToken);
        Assert.Equal([second.Id, first.Id, second.Id], FileIds.Read(input!.FileIdsJson));
        Assert.All(
            await database.Files.FindAsync([first.Id, second.Id], RunToken),
            file => Assert.Equal(job.CreatedAt, file.LastUsedAt));
    }

    [Theory, EachDatabase]
    public async Task AddJob_NamingAFileThatIsNotThereOrAnothers_IsRefused(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var mine = await AddAsync(database, ada);
        var bobs = await AddAsync(database, await database.AddUserAsync("bob"));
        var none = Guid.NewGuid();

        Assert.Equal(new FileRefusal(none), (await AddJobAsync(database, ada, mine.Id, none, bobs.Id)).Refusal);
        Assert.Equal(new FileRefusal(bobs.Id), (await AddJobAsync(database, ada, mine.Id, bobs.Id)).Refusal);
        Assert.Equal(0, (await database.Jobs.ListAsync(ada, 1, 1, RunToken)).Total);
    }

    [Theory, EachDatabase]
    public async Task ExpireAsync_RemovesTheLongestUnusedButNoneOfAnUnfinishedJob(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var (first, second, held, young) = (
            await AddAsync(database, ada), await AddAsync(database, ada), await AddAsync(database, ada),
            await AddAsync(database, ada, TimeSpan.FromHours(1)));
        var (_, job) = await AddJobAsync(database, ada, held.Id);
        var before = database.Time.GetUtcNow() + TimeSpan.FromMinutes(1);

        Assert.Equal([first.Id], await database.Files.ExpireAsync(before, 1, RunToken));
        Assert.Equal([second.Id], await database.Files.ExpireAsync(before, 10, RunToken));
        await database.Jobs.UpdateAsync(job.Id, row => row.State = JobState.Completed, RunToken);
        Assert.Equal([held.Id], await database.Files.ExpireAsync(before, 10, RunToken));

        var left = await database.Files.FindAsync([first.Id, second.Id, held.Id, young.Id], RunToken);
        Assert.Equal(young.Id, Assert.Single(left).Id);
    }

    [Theory, EachDatabase]
    public async Task ExpireAsync_WhileJobsTakeTheFiles_EachIsEitherUsedOrGone(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, postgres);
        var ada = await database.AddUserAsync();
        var files = new List<FileRow>();
        for (var i = 0; i < 20; i++)
        {
            files.Add(await AddAsync(database, ada));
        }

        var before = database.Time.GetUtcNow();
        var jobs = files.Select(file => NewJob(database, ada, file.Id)).ToList();
        var adding = jobs.Select(job => Task.Run(() => database.Jobs.AddAsync(job.Job, job.Input, JobQuota.None, RunToken)));
        var expiring = Task.Run(() => database.Files.ExpireAsync(before, 20, RunToken));

        var refusals = await Task.WhenAll(adding);
        var gone = await expiring;

        Assert.Equal(gone.Order(), refusals.OfType<FileRefusal>().Select(refusal => refusal.Id).Order());
    }

    private static async Task<FileRow> AddAsync(TestDatabase database, Guid userId, TimeSpan later = default)
    {
        database.Time.Advance(TimeSpan.FromSeconds(1));
        var file = new FileRow
        {
            Id = Guid.CreateVersion7(database.Time.GetUtcNow()),
            UserId = userId,
            Name = "grüße.txt",
            Bytes = 5_000_000_000,
            Sha256 = [1, 2, 3],
            CreatedAt = database.Time.GetUtcNow() + later,
            LastUsedAt = database.Time.GetUtcNow() + later,
        };
        await database.Files.AddAsync(file, RunToken);
        return file;
    }

    private static async Task<(JobRefusal? Refusal, JobRow Job)> AddJobAsync(
        TestDatabase database, Guid userId, params Guid[] files)
    {
        var (job, input) = NewJob(database, userId, files);
        return (await database.Jobs.AddAsync(job, input, JobQuota.None, RunToken), job);
    }

    private static (JobRow Job, JobInputRow Input) NewJob(TestDatabase database, Guid userId, params Guid[] files)
    {
        var job = database.NewJob(userId);
        var input = TestDatabase.NewInput(job);
        input.FileIdsJson = FileIds.Write(files);
        return (job, input);
    }
}
